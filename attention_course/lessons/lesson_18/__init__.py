"""What lesson 18 has for itself: linear and low-rank attention."""
