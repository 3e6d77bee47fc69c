"""The problems of lesson 19, one a file."""
