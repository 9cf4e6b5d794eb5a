"""Tags: what of a subscription is ours. Azure's provider has no default for them, so each resource says them."""

from __future__ import annotations

from aigc.plan.stack_plan import StackPlan


def inventory_tags(plan: StackPlan) -> dict[str, str]:
    """On everything that can have some."""
    return {"aigc-stack": plan.stack, "aigc-cluster": plan.cluster.name}
