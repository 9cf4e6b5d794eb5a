"""The part of a plan that is money: intervals in US dollars a month; what has no price is named, never guessed."""

from __future__ import annotations

from aigc.plan.frozen import Frozen


class CostInterval(Frozen):
    """US dollars a month, for what has a price."""

    usd_per_month_low: float = 0.0
    usd_per_month_high: float | None = 0.0
    """None: no upper bound is known."""

    def __add__(self, other: CostInterval) -> CostInterval:
        """Both together; without an upper bound of one there is none of the sum."""
        highs = (self.usd_per_month_high, other.usd_per_month_high)
        return CostInterval(
            usd_per_month_low=self.usd_per_month_low + other.usd_per_month_low,
            usd_per_month_high=None if highs[0] is None or highs[1] is None else highs[0] + highs[1],
        )

    def rounded(self) -> CostInterval:
        """To cents."""
        high = self.usd_per_month_high
        return CostInterval(
            usd_per_month_low=round(self.usd_per_month_low, 2),
            usd_per_month_high=None if high is None else round(high, 2),
        )


class CostItem(Frozen):
    """One line of the bill."""

    name: str
    floor: CostInterval
    at_plan: CostInterval
    maximum: CostInterval
    pool: str | None = None
    """The pool whose nodes these are; None for everything else."""
    price_date: str | None = None
    """Day of the snapshot that its price is of, year-month-day; None: the catalog's own, whose row names its source."""


class InferenceCost(Frozen):
    """What a million requests of an endpoint cost at the expected traffic."""

    endpoint: str
    requests_per_month: float
    usd_per_million_low: float
    usd_per_million_high: float | None
    leaves_out: tuple[str, ...]
    """What this price does not hold although the stack pays for it."""


class CostPlan(Frozen):
    """The bill of a stack in three states, and what no state holds because nobody knows its price."""

    usd_per_month_low: float
    """Least at the floor."""
    usd_per_month_high: float | None
    """Most at the maximum; None: no upper bound is known."""
    not_priced: tuple[str, ...]
    budget_usd_per_month: float | None = None
    floor: CostInterval = CostInterval()
    """Everything at its fewest: what a stack costs that nobody asks anything."""
    at_plan: CostInterval = CostInterval()
    """At the expected traffic, as far as that says how many replicas there are."""
    maximum: CostInterval = CostInterval()
    """Everything at its most."""
    at_plan_basis: tuple[str, ...] = ()
    """What bounds the replicas at plan, an endpoint a sentence."""
    items: tuple[CostItem, ...] = ()
    inferences: tuple[InferenceCost, ...] = ()
