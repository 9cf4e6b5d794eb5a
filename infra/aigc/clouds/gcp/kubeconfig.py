"""How a client of a GKE cluster gets its token: from gke-gcloud-auth-plugin, so that no credential is kept."""

from __future__ import annotations

from typing import Any

GKE_TOKEN: dict[str, Any] = {
    "apiVersion": "client.authentication.k8s.io/v1beta1",
    "command": "gke-gcloud-auth-plugin",
    "installHint": "gcloud components install gke-gcloud-auth-plugin",
    "interactiveMode": "Never",
    "provideClusterInfo": True,
}
"""The `exec` of a kubeconfig's user."""
