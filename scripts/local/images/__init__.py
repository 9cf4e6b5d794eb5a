"""Images without Docker and without a registry: layers out of packages, wheels and Go binaries, tarred by ourselves."""
