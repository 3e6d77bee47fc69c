"""What lesson 00 has for itself: reading an attention map."""
