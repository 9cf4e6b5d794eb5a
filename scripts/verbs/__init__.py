"""One module a verb of the ops command; each has `register(app)`, called by `scripts.__main__`."""
