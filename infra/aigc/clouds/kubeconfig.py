"""Kubernetes providers, and kubeconfigs: composed for a cluster of ours, a path for one that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from aigc.clouds.contract import ClusterHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


def kubernetes_provider(parent: pulumi.Resource, kubeconfig: pulumi.Input[str], context: str | None = None) -> Provider:
    """A provider that applies on the server's side and may change ConfigMaps and Secrets in place.

    Without the two `mutable` switches any changed key replaces the object: Knative's would vanish for a moment,
    and its controllers stop at a missing ConfigMap.
    """
    return Provider(
        "kubernetes",
        kubeconfig=kubeconfig,
        context=context,
        enable_server_side_apply=True,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def composed_kubeconfig(
    name: str, server: pulumi.Input[str], authority: pulumi.Input[str], token: Mapping[str, Any]
) -> pulumi.Output[str]:
    """A kubeconfig of a cluster's outputs, unknown until the cluster is there; JSON, which is YAML.

    It holds no credential: `token` is the command of the cloud that fetches one, as the `exec` of a user.
    """
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"exec": dict(token)}}],
        }
    )


class KubeconfigCluster(Component):
    """A cluster known by its kubeconfig."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan) -> None:
        super().__init__(name)
        # A path, not the content: credentials stay out of the state, and the file may be renewed under us.
        self.provider = kubernetes_provider(self, plan.cluster.kubeconfig or "", plan.cluster.context)
        self.done({"kubeconfig": plan.cluster.kubeconfig})


def cluster_of_kubeconfig(plan: StackPlan, control_plane_cidr: str | None = None) -> ClusterHandle:
    """The handle of a cluster that is there already."""
    component = KubeconfigCluster("cluster", plan)
    outputs = {"kubeconfig": plan.cluster.kubeconfig or ""}
    return ClusterHandle(
        provider=component.provider, stack=plan.stack, control_plane_cidr=control_plane_cidr, outputs=outputs
    )
