"""What lesson 08 has for itself: stacked attention."""
