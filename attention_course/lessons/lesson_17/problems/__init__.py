"""The problems of lesson 17, one a file."""
