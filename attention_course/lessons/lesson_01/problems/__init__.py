"""The problems of lesson 01, one a file."""
