"""Endpoints that run on a cloud's managed service instead of the cluster."""

from __future__ import annotations

import pulumi

from aigc.catalog.faults import fail
from aigc.clouds.contract import ManagedEndpoints, ModelStoreHandle, NetworkHandle
from aigc.clouds.registry import adapter_for
from aigc.plan.stack_plan import StackPlan


def build_managed_endpoints(
    plan: StackPlan, network: NetworkHandle, store: ModelStoreHandle
) -> dict[str, pulumi.Input[str]]:
    """Every managed endpoint of a plan: endpoint -> what its service calls it; none needs the cluster.

    Raises:
        UserError: the plan has some, and its cloud makes none; a plan that `resolve` made never does.
    """
    if not plan.managed_endpoints:
        return {}
    cloud = adapter_for(plan.cloud)
    if not isinstance(cloud, ManagedEndpoints):
        raise fail(
            "aigc:stack.models", f"cloud {plan.cloud} has no managed endpoints here", "choose another mode for them"
        )
    return {
        endpoint.name: cloud.managed_endpoint(plan, endpoint, network, store) for endpoint in plan.managed_endpoints
    }
