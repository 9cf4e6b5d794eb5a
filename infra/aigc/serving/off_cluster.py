"""What a stack serves beside its cluster."""

from __future__ import annotations

import pulumi

from aigc.clouds.contract import ModelStoreHandle, NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.serving.managed_endpoint import build_managed_endpoints
from aigc.serving.tpu_vm import build_tpu_vms


def build_off_cluster(plan: StackPlan, network: NetworkHandle, store: ModelStoreHandle) -> dict[str, pulumi.Input[str]]:
    """All of it: name -> what its service calls it, or the address that answers."""
    return build_managed_endpoints(plan, network, store) | build_tpu_vms(plan, network)
