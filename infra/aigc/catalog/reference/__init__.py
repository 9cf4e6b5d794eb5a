"""Well-known architectures with random weights, which are measured to hold predictions against: numbers and work."""
