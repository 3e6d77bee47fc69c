"""What lesson 12 has for itself: the Transformer."""
