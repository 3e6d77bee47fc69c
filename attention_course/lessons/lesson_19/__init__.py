"""What lesson 19 has for itself: attention by hashing, and reversible layers."""
