"""What lesson 04 has for itself: translation."""
