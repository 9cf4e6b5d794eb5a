"""Tags: what of an account is ours, and what the console calls it."""

from __future__ import annotations

from aigc.plan.stack_plan import StackPlan


def inventory_tags(plan: StackPlan) -> dict[str, str]:
    """On everything the provider makes; what AWS makes for us in turn (machines, disks) needs them said again."""
    return {"aigc-stack": plan.stack, "aigc-cluster": plan.cluster.name}


def named(name: str) -> dict[str, str]:
    """What has no name of its own on EC2 is shown by this tag."""
    return {"Name": name}
