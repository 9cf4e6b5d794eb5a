"""Simulated fleets: a stack's Kubernetes layer on a real control plane whose nodes are those its pools would make."""
