"""Cost against objectives and against watts, for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from aigc.plan.fleet.tradeoffs import ObjectiveTradeoff, WattsTradeoff


def tradeoffs_json(by_objective: Sequence[ObjectiveTradeoff], by_watts: Sequence[WattsTradeoff]) -> dict[str, Any]:
    """Both lists under their own names."""
    return {
        "cost_by_objective": [asdict(one) for one in by_objective],
        "cost_by_watts": [asdict(one) for one in by_watts],
    }


def render_tradeoffs(by_objective: Sequence[ObjectiveTradeoff], by_watts: Sequence[WattsTradeoff]) -> str:
    """A line an entry; an entry that costs more and gives no more is not there."""
    return "\n".join([*_objectives(by_objective), *_watts(by_watts)]) + "\n"


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
