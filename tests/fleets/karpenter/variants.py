"""A stack of AWS with Karpenter, where its file has the cluster autoscaler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud, NodeProvisioning
from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY, stack_names, stack_of, stack_path
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of, stack_file_faults
from tests.fleets.stand_ins import StandIn


def aws_stacks() -> list[str]:
    """Those whose pools Karpenter can make nodes for."""
    return [name for name in stack_names() if plan_of(name).cloud is Cloud.AWS]


def with_karpenter(stack: str, folder: Path) -> tuple[Path, list[StandIn]]:
    """Write the stack's file as it would be with Karpenter, and say what in it is otherwise."""
    source = stack_path(stack)
    document: dict[str, Any] = yaml.safe_load(source.read_text())
    asked = document["config"]["aigc:stack"]
    had = asked.get("node_provisioning", NodeProvisioning.CLUSTER_AUTOSCALER.value)
    differences = []
    if had != NodeProvisioning.KARPENTER:
        asked["node_provisioning"] = NodeProvisioning.KARPENTER.value
        differences.append(StandIn(f"stack {stack}", f"has node_provisioning {asked['node_provisioning']}, not {had}"))
    for name, pool in asked["pools"].items():
        fewest, most = pool.get("min_nodes", 0), pool.get("max_nodes", 1)
        if 0 < fewest < most:
            pool["max_nodes"] = fewest
            what = f"stays at {fewest} nodes and never has {most}: beside Karpenter nothing resizes a group"
            differences.append(StandIn(f"pool {name}", what))
    path = folder / source.name
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path, differences


def plan_of_file(path: Path) -> StackPlan:
    """The plan of a stack's file that lies elsewhere; raises UserError with every fault."""
    if faults := stack_file_faults(path):
        raise UserError(faults)
    return resolve(parse_stack_file(path), stack_of(path), MODEL_REPOSITORY)
