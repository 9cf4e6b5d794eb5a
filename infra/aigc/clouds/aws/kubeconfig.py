"""How a client of an EKS cluster gets its token: from the AWS command, so that no credential is kept."""

from __future__ import annotations

from typing import Any


def eks_token(cluster: str, region: str | None) -> dict[str, Any]:
    """The `exec` of a kubeconfig's user."""
    return {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", cluster, "--region", region, "--output", "json"],
        "installHint": "install the AWS command line, version 2",
        "interactiveMode": "Never",
    }
