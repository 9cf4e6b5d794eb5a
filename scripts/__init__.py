"""The ops command, `python -m scripts VERB`, and what only it needs."""
