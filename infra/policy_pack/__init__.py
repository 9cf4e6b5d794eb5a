"""A policy pack of Pulumi; a package only so that the type checker tells its `__main__` from the program's."""
