"""The config.pbtxt that a stack file puts in place of a model's own: one file, mounted over that of the image."""

from __future__ import annotations

import hashlib

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import EndpointPlan

_FILE = "config.pbtxt"
_VOLUME = "triton-config"
_HASH_CHARS = 8


def short_hash(text: str) -> str:
    """What a ConfigMap's name ends in, so that a changed one means new pods, not stale ones."""
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARS]


def config_bodies(endpoint: EndpointPlan) -> list[Body]:
    """The ConfigMap with the file; none where the model keeps its own."""
    if endpoint.triton_config is None:
        return []
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": _name(endpoint, endpoint.triton_config), "namespace": MODELS_NAMESPACE},
            "data": {_FILE: endpoint.triton_config},
        }
    ]


def config_volumes(endpoint: EndpointPlan) -> tuple[Body, ...]:
    """The volume of the pod."""
    if endpoint.triton_config is None:
        return ()
    return ({"name": _VOLUME, "configMap": {"name": _name(endpoint, endpoint.triton_config)}},)


def config_mounts(endpoint: EndpointPlan, repository: str) -> tuple[Body, ...]:
    """Where Triton's container has it: over the one file, beside which the model's versions stay what they are."""
    if endpoint.triton_config is None:
        return ()
    place = f"{repository}/{endpoint.models[0]}/{_FILE}"
    return ({"name": _VOLUME, "mountPath": place, "subPath": _FILE, "readOnly": True},)


def _name(endpoint: EndpointPlan, text: str) -> str:
    return f"{endpoint.name}-triton-{short_hash(text)}"
