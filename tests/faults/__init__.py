"""Faults of the running platform under load: what is broken, how it comes back, and what names the cause."""
