"""Platform software that is a Helm Release, pinned by version."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import ComponentPlan
from aigc.tokens import Component


def release(
    parent: Component, component: ComponentPlan, cluster: ClusterHandle, values: Body, after: Sequence[pulumi.Resource]
) -> Release:
    """A chart pinned by version; it carries its name, for Helm Releases ignore the ban on random names."""
    return Release(
        component.name,
        name=component.name,
        chart=component.chart or component.name,
        version=component.version,
        namespace=component.namespace,
        # A chart in a registry of images has its whole address in its name.
        repository_opts=RepositoryOptsArgs(repo=component.repository) if component.repository else None,
        values=values,
        atomic=True,
        opts=parent.child(cluster.provider, after),
    )


class ReleasedComponent(Component):
    """A component that is one Release and nothing else."""

    LAYER = "foundation"

    def __init__(
        self,
        name: str,
        component: ComponentPlan,
        cluster: ClusterHandle,
        values: Body,
        after: Sequence[pulumi.Resource],
    ) -> None:
        super().__init__(name)
        self.ready: tuple[pulumi.Resource, ...] = (release(self, component, cluster, values, after),)
        """What comes after it: a pod that needs the accelerators, or the nodes, that it brings."""
        self.done({"version": component.version, "namespace": component.namespace})
