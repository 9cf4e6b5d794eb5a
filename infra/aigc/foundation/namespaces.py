"""Namespaces under Pod Security, each level enforced by the API server and pinned to the cluster's own minor."""

from __future__ import annotations

import pulumi

from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.plan.stack_plan import NamespacePlan, StackPlan
from aigc.tokens import Component

_POD_SECURITY = "pod-security.kubernetes.io"


def namespace_body(namespace: NamespacePlan, kubernetes_minor: str) -> Body:
    """A Namespace that refuses pods below its level; with `latest` an upgrade of the cluster could refuse ours."""
    labels = {}
    for mode in ("enforce", "warn", "audit"):
        labels[f"{_POD_SECURITY}/{mode}"] = namespace.pod_security
        labels[f"{_POD_SECURITY}/{mode}-version"] = f"v{kubernetes_minor}"
    metadata: Body = {"name": namespace.name, "labels": labels}
    if namespace.reason is not None:
        metadata["annotations"] = {"aigc/pod-security-reason": namespace.reason}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


class Namespaces(Component):
    """Every namespace of the stack; what lives in one comes after it."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle) -> None:
        super().__init__(name)
        bodies = [namespace_body(namespace, plan.cluster.kubernetes_minor) for namespace in plan.namespaces]
        self.objects: tuple[pulumi.Resource, ...] = add_objects(cluster, self, bodies, cluster.ready)
        self.done({"names": [namespace.name for namespace in plan.namespaces]})
