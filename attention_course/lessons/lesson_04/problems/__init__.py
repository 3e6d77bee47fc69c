"""The problems of lesson 04, one a file."""
