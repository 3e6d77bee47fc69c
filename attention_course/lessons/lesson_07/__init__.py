"""What lesson 07 has for itself: hierarchical attention."""
