"""What lesson 10 has for itself: multi-head attention."""
