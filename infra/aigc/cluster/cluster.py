"""From a plan to a cluster one can put objects on, whatever the cloud."""

from __future__ import annotations

from aigc.clouds.contract import ClusterHandle, NetworkHandle
from aigc.clouds.registry import adapter_for
from aigc.plan.stack_plan import StackPlan


def build_network(plan: StackPlan) -> NetworkHandle:
    """The network of the plan's cloud."""
    return adapter_for(plan.cloud).network(plan)


def build_cluster(plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
    """The cluster of the plan's cloud, with its node pools and the provider that talks to it."""
    return adapter_for(plan.cloud).cluster(plan, network)
