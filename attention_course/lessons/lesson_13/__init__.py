"""What lesson 13 has for itself: training Transformers."""
