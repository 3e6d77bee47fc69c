"""What lesson 17 has for itself: sparse and local attention."""
