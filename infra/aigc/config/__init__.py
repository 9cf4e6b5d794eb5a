"""What was asked: the spec and its two readers."""
