"""Names: what we call a thing (logical) and what a cloud or Kubernetes lets us call it (physical).

A name that is too long keeps its beginning and gets the first eight hex digits of its sha256 as tail: it stays
readable, unique, and the same on every run.
"""

from __future__ import annotations

import hashlib

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.catalog.limits import GKE_CLUSTER_NAME_CHARS

_TAIL_CHARS = 8


def physical(logical: str, limit: int) -> str:
    """`logical` itself where it fits, else cut and with a hashed tail."""
    if len(logical) <= limit:
        return logical
    tail = hashlib.sha256(logical.encode()).hexdigest()[:_TAIL_CHARS]
    return f"{logical[: limit - _TAIL_CHARS - 1].rstrip('-')}-{tail}"


def endpoint_name(model: str) -> str:
    """Name of a model's Kubernetes objects and the first label of its host: host names know no underscore."""
    return model.lower().replace("_", "-")


def endpoint_host(endpoint: str, domain: str) -> str:
    """Knative's own domain template, `{{.Name}}.{{.Namespace}}.{{.Domain}}`; steady endpoints use the same."""
    return f"{endpoint}.{MODELS_NAMESPACE}.{domain}"


def cluster_name(stack: str) -> str:
    """Name of the cluster of a stack, short enough for the strictest cloud (GKE)."""
    return physical(f"aigc-{stack}", GKE_CLUSTER_NAME_CHARS)
