"""What endpoints stand on: namespaces, network policies, Knative."""
