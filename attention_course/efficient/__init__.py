"""Attention that costs less than the square of the length, one mechanism a file."""
