"""Every solution is changed a little, in many ways, to see whether its check can be fooled."""
