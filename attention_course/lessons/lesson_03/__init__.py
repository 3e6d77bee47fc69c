"""What lesson 03 has for itself: the bottleneck."""
