"""What lesson 20 has for itself: exact and cheaper."""
