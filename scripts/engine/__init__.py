"""The offline engine: runs a Pulumi program without Pulumi, shows its graph, and applies Kubernetes objects."""
