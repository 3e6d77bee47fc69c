"""The problems of lesson 18, one a file."""
