"""The state of the stack as one HTML file, for people without Grafana: the same panels, and a verdict in words."""
