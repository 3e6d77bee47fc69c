"""The problems of lesson 07, one a file."""
