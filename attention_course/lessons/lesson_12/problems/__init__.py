"""The problems of lesson 12, one a file."""
