"""A real single-node Kubernetes out of host processes: no Docker, no installed daemon, nothing left after `down`."""
