"""Autoscaling settings out of the plan."""
