"""The problems of lesson 00, one a file."""
