"""One resource class for every Kubernetes object, so that what is registered is exactly what is applied and rendered.

The typed classes of the SDK would do the same on the wire; this one takes the object as Kubernetes knows it, which
lets a manifest's objects and ours go one way, and lets pure functions compute them without Pulumi. Its type tokens
are those of the typed classes, so the real engine gives the same URN, the same provider checks and the same waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, TypeAlias

import pulumi

from aigc.catalog.labels import STACK_LABEL
from aigc.clouds.contract import ClusterHandle
from aigc.tokens import Component

Body: TypeAlias = dict[str, Any]
"""A Kubernetes object as YAML would hold it."""

_SECRET_FIELDS = ("data", "stringData")
_PLUGIN_VERSION = version("pulumi-kubernetes")


def resource_type(api_version: str, kind: str) -> str:
    """The type token that the SDK's typed class has: the core group, which has no name, is spelt `core`."""
    group_version = api_version if "/" in api_version else f"core/{api_version}"
    return f"kubernetes:{group_version}:{kind}"


def logical_name(body: Body) -> str:
    """Role-only and unique beside objects of the same kind: namespace and name."""
    metadata = body["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def with_stack_label(body: Body, stack: str) -> Body:
    """A copy of `body` that carries the inventory label."""
    metadata = body["metadata"]
    labels = {**(metadata.get("labels") or {}), STACK_LABEL: stack}
    return {**body, "metadata": {**metadata, "labels": labels}}


def _marked(secret: Body) -> Body:
    """The content of a Secret as a secret of the engine: masked in previews, encrypted in the state."""
    return {key: pulumi.Output.secret(value) if key in _SECRET_FIELDS else value for key, value in secret.items()}


class KubernetesObject(pulumi.CustomResource):
    """An object of the cluster, of any kind."""

    def __init__(self, body: Body, opts: pulumi.ResourceOptions) -> None:
        self.body = body
        is_secret = body["kind"] == "Secret"
        own = pulumi.ResourceOptions(
            version=_PLUGIN_VERSION,
            additional_secret_outputs=list(_SECRET_FIELDS) if is_secret else None,
        )
        super().__init__(
            resource_type(body["apiVersion"], body["kind"]),
            logical_name(body),
            _marked(body) if is_secret else body,
            pulumi.ResourceOptions.merge(own, opts),
        )


def add_objects(
    cluster: ClusterHandle, parent: Component, bodies: Iterable[Body], after: Sequence[pulumi.Resource] = ()
) -> tuple[KubernetesObject, ...]:
    """Register objects under `parent`, each with the inventory label, all after the same resources."""
    return tuple(
        KubernetesObject(with_stack_label(body, cluster.stack), parent.child(cluster.provider, after))
        for body in bodies
    )
