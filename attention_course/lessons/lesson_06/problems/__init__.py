"""The problems of lesson 06, one a file."""
