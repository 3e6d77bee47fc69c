"""The problems of lesson 08, one a file."""
