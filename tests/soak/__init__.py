"""Repetition and volume: what one round of the tests cannot show, run by `make soak` and recorded."""
