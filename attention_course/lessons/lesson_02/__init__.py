"""What lesson 02 has for itself: score functions."""
