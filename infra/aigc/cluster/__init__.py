"""The cluster of a plan, and how objects get onto it."""
