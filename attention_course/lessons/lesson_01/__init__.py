"""What lesson 01 has for itself: attention as a weighted sum."""
