"""What lesson 06 has for itself: image captioning."""
