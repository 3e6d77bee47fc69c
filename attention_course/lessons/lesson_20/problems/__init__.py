"""The problems of lesson 20, one a file."""
