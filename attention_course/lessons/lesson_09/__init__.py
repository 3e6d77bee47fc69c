"""What lesson 09 has for itself: self-attention."""
