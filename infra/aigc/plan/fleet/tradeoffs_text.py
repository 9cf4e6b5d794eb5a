"""Cost against objectives, watts and emissions, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aigc.plan.fleet.tradeoffs import GramsTradeoff, ObjectiveTradeoff, WattsTradeoff


@dataclass(frozen=True)
class Tradeoffs:
    """Every list of one workload."""

    cost_by_objective: tuple[ObjectiveTradeoff, ...]
    cost_by_watts: tuple[WattsTradeoff, ...]
    cost_by_grams_co2e: tuple[GramsTradeoff, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to choose from."""
        return bool(self.cost_by_objective or self.cost_by_watts or self.cost_by_grams_co2e)

    def __str__(self) -> str:
        """A line an entry; an entry that costs more and gives no more is not there."""
        lists = (
            _objectives(self.cost_by_objective),
            _watts(self.cost_by_watts),
            _grams(self.cost_by_grams_co2e),
        )
        return "\n".join(line for one in lists for line in one) + "\n"


def _objectives(found: Sequence[ObjectiveTradeoff]) -> Iterator[str]:
    yield "Cost by objective: every p99 of the file, times"
    yield from (f"  {one.factor:<6g} ${one.usd_per_hour:,.4g} an hour" for one in found)
    if not found:
        yield "  none of those that were tried can be met"


def _watts(found: Sequence[WattsTradeoff]) -> Iterator[str]:
    yield "\nCost by design power of accelerators: at most"
    for one in found:
        grams = "not known" if one.grams_co2e_per_hour is None else f"{one.grams_co2e_per_hour:,.0f} g an hour"
        yield f"  {one.watts:<6,.0f} W, gCO2e {grams}, ${one.usd_per_hour:,.4g} an hour"
    if not found:
        yield "  no fleet serves this with accelerators of known design power"


def _grams(found: Sequence[GramsTradeoff]) -> Iterator[str]:
    yield "\nCost by what the grids emit for it: at most"
    yield from (f"  {one.grams_co2e_per_hour:<6,.0f} gCO2e an hour, ${one.usd_per_hour:,.4g} an hour" for one in found)
    if not found:
        yield "  no fleet serves this in regions whose grid is known"
