"""What will be made: the spec resolved into a plan; imports no pulumi."""
