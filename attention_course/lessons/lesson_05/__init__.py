"""What lesson 05 has for itself: alignment."""
