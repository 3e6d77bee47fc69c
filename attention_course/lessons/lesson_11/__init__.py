"""What lesson 11 has for itself: positions."""
