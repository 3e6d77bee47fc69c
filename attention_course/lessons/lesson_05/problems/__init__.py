"""The problems of lesson 05, one a file."""
