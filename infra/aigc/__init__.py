"""Generative-AI inference platforms as reproducible Pulumi stacks: the program, layer by layer."""
