"""Prepared incidents: each makes p99 of an endpoint go up for one reason, on the live cluster, and always undoes it."""
