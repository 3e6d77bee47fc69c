"""The problems of lesson 02, one a file."""
