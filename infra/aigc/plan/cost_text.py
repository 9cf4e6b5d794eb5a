"""The money of a plan in words, the same in a printed plan and in a preview: an interval, and what it leaves out."""

from __future__ import annotations

from aigc.plan.cost import CostInterval, CostPlan, InferenceCost

STATES = ("floor (idle)", "at_plan", "maximum")
UNKNOWN = "unknown"


def interval_text(interval: CostInterval) -> str:
    """One interval of US dollars a month; a known subtotal is never shown as the total."""
    low, high = interval.usd_per_month_low, interval.usd_per_month_high
    if high is None:
        return UNKNOWN if low == 0 else f">= ${low:,.2f} a month, no upper bound known"
    return f"${low:,.2f} a month" if low == high else f">= ${low:,.2f}, <= ${high:,.2f} a month"


def state_texts(cost: CostPlan) -> tuple[str, str, str]:
    """The bill at floor, at plan and at maximum; where something has no price, each says that it is a part only."""
    part = ", for what is priced" if cost.not_priced else ""

    def said(interval: CostInterval) -> str:
        text = interval_text(interval)
        return text if text == UNKNOWN else f"{text}{part}"

    return said(cost.floor), said(cost.at_plan), said(cost.maximum)


def inference_text(cost: InferenceCost) -> str:
    """What a million requests cost, and of what."""
    low, high = cost.usd_per_million_low, cost.usd_per_million_high
    dollars = f">= ${low:,.2f}" + (f", <= ${high:,.2f}" if high is not None else ", no upper bound known")
    left = ", ".join(cost.leaves_out) or "nothing"
    return f"{dollars} per million requests: its pool's nodes at plan; leaves out {left}"


def budget_text(cost: CostPlan) -> str | None:
    """Whether what is priced stays within the budget; None without one."""
    budget = cost.budget_usd_per_month
    if budget is None:
        return None
    if cost.floor.usd_per_month_low > budget:
        verdict = "exceeded even at the floor"
    elif cost.maximum.usd_per_month_high is None:
        verdict = "may be exceeded: no upper bound is known"
    elif cost.maximum.usd_per_month_high > budget:
        verdict = "exceeded at the maximum"
    else:
        verdict = "holds at the maximum, but for what is not priced"
    return f"${budget:,.2f} a month: {verdict}"


def snapshot_text(cost: CostPlan) -> str | None:
    """The day that a snapshot's prices are of, with the pools that have theirs from it; None where no pool does."""
    of_a_snapshot = [item for item in cost.items if item.price_date]
    days = ", ".join(sorted({str(item.price_date) for item in of_a_snapshot}))
    return f"{days}: {', '.join(str(item.pool) for item in of_a_snapshot)}" if of_a_snapshot else None


def cost_facts(cost: CostPlan) -> dict[str, object]:
    """Every fact of the bill with its name, in the order in which a person asks."""
    facts: dict[str, object] = dict(zip(STATES, state_texts(cost), strict=True))
    if cost.at_plan_basis:
        facts["at_plan_assumes"] = "; ".join(cost.at_plan_basis)
    for item in cost.items:
        bounds = (item.floor, item.at_plan, item.maximum)
        texts = [interval_text(one).removesuffix(" a month") for one in bounds]
        facts[item.name] = texts[0] if len(set(texts)) == 1 else " | ".join(texts)
    for one in cost.inferences:
        facts[one.endpoint] = inference_text(one)
    facts["not_priced"] = "; ".join(cost.not_priced) or "-"
    for name, text in (("prices_of_nodes_asked_on", snapshot_text(cost)), ("budget", budget_text(cost))):
        if text is not None:
            facts[name] = text
    return facts
