"""The problems of lesson 09, one a file."""
