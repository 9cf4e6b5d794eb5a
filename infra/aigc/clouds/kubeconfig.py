"""The Kubernetes provider of a cluster that is there already: a kubeconfig's path, and nothing is made."""

from __future__ import annotations

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
