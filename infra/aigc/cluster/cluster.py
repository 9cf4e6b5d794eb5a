"""From a plan to a cluster one can put objects on, with the models beside it, whatever the cloud."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aigc.catalog.faults import fail
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle, ModelStores, NetworkHandle
from aigc.clouds.registry import adapter_for
from aigc.cluster.auto_mode import AutoModePools
from aigc.plan.stack_plan import StackPlan


def build_network(plan: StackPlan) -> NetworkHandle:
    """The network of the plan's cloud."""
    return adapter_for(plan.cloud).network(plan)


def build_cluster(plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
    """The cluster of the plan's cloud, with its node pools and the provider that talks to it."""
    cluster = adapter_for(plan.cloud).cluster(plan, network)
    if plan.registry:
        # Where `images push` goes.
        cluster = replace(cluster, outputs={**cluster.outputs, "registry": plan.registry.address})
    if not plan.cluster.auto_mode:
        return cluster
    return replace(cluster, ready=(*cluster.ready, *AutoModePools("node-pools", plan, cluster).ready))


def build_model_store(plan: StackPlan, network: NetworkHandle, cluster: ClusterHandle, root: Path) -> ModelStoreHandle:
    """Buckets with the models of the project at `root`, and the rights to read them.

    Raises:
        UserError: the plan has some, and its cloud has none; a plan that `resolve` made never does.
    """
    if plan.model_store is None:
        return ModelStoreHandle()
    cloud = adapter_for(plan.cloud)
    if not isinstance(cloud, ModelStores):
        raise fail("aigc:stack.models", f"cloud {plan.cloud} has no buckets here", "use kind: baked for them")
    return cloud.model_store(plan, plan.model_store, network, cluster, root)
