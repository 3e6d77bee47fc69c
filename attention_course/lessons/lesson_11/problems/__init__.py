"""The problems of lesson 11, one a file."""
