"""The problems of lesson 03, one a file."""
