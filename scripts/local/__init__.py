"""The local cluster: what it is built from, what it runs, and what `up` tells of it."""
