"""The problems of lesson 13, one a file."""
