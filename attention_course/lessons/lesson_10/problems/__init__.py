"""The problems of lesson 10, one a file."""
