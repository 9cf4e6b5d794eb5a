"""TPUs beside the cluster, each slice with the container that runs on it."""

from __future__ import annotations

import pulumi

from aigc.catalog.faults import fail
from aigc.clouds.contract import NetworkHandle, TpuVms
from aigc.clouds.registry import adapter_for
from aigc.plan.stack_plan import StackPlan


def build_tpu_vms(plan: StackPlan, network: NetworkHandle) -> dict[str, pulumi.Input[str]]:
    """Every slice of a plan: name -> address of its first machine; none needs the cluster.

    Raises:
        UserError: the plan has some, and its cloud makes none; a plan that `resolve` made never does.
    """
    if not plan.tpu_vms:
        return {}
    cloud = adapter_for(plan.cloud)
    if not isinstance(cloud, TpuVms):
        raise fail("aigc:stack.tpu_vms", f"cloud {plan.cloud} has no TPU VMs here", "remove them")
    return {vm.name: cloud.tpu_vm(plan, vm, network) for vm in plan.tpu_vms}
