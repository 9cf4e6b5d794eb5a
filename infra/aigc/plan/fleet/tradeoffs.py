"""What else money buys: a shorter p99, fewer watts, a cleaner grid. Every entry of a list beats all that cost less."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from aigc.catalog.machines import Machine
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.fleet.wanted import GRAMS_CO2E, WATTS, WantedFleet, WantedModel

OBJECTIVE_FACTORS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
LESS = 0.9
"""Each entry has at most so much of the design power, or of the emissions, of the one before it."""
MOST_STEPS = 8


@dataclass(frozen=True)
class ObjectiveTradeoff:
    """The cheapest fleet where every objective is this much of what was asked for."""

    factor: float
    usd_per_hour: float


@dataclass(frozen=True)
class WattsTradeoff:
    """The cheapest fleet whose accelerators have no more design power than this, as far as the catalog knows it."""

    watts: float
    usd_per_hour: float
    grams_co2e_per_hour: float | None = None
    """What the grids emit for it; None is unknown. In one region it follows the watts."""


@dataclass(frozen=True)
class GramsTradeoff:
    """The cheapest fleet for whose design power the grids emit no more than this, as far as the catalog knows them."""

    grams_co2e_per_hour: float
    usd_per_hour: float


def cost_by_objective(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
    factors: Sequence[float] = OBJECTIVE_FACTORS,
) -> tuple[ObjectiveTradeoff, ...]:
    """From the shortest objectives that can be met to the longest that still save something."""
    kept: list[ObjectiveTradeoff] = []
    for factor in sorted(factors):
        eased = [_eased(model.wanted, factor) for model in models]
        plan = cheapest_fleet(
            wanted.model_copy(update={"models": tuple(eased)}),
            [replace(model, wanted=one) for model, one in zip(models, eased, strict=True)],
            largest_rate,
            rows,
        )
        if isinstance(plan, FleetPlan) and (not kept or plan.usd_per_hour < kept[-1].usd_per_hour):
            kept.append(ObjectiveTradeoff(factor, plan.usd_per_hour))
    return tuple(kept)


def _eased(model: WantedModel, factor: float) -> WantedModel:
    classes = tuple(
        one if one.p99_ms is None else one.model_copy(update={"p99_ms": one.p99_ms * factor}) for one in model.classes
    )
    return model.model_copy(update={"p99_ms": model.p99_ms * factor, "classes": classes})


def cost_by_watts(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
) -> tuple[WattsTradeoff, ...]:
    """From the cheapest fleet of known design power to those that take less, until there is none."""
    fleets = _ever_less(WATTS, lambda plan: plan.watts, wanted, models, largest_rate, rows)
    return tuple(WattsTradeoff(watts, plan.usd_per_hour, plan.grams_co2e_per_hour) for watts, plan in fleets)


def cost_by_grams_co2e(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
) -> tuple[GramsTradeoff, ...]:
    """From the cheapest fleet on grids of which emissions are known to those that emit less, until there is none."""
    fleets = _ever_less(GRAMS_CO2E, lambda plan: plan.grams_co2e_per_hour, wanted, models, largest_rate, rows)
    return tuple(GramsTradeoff(grams, plan.usd_per_hour) for grams, plan in fleets)


def _ever_less(
    limit: str,
    measured: Callable[[FleetPlan], float | None],
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None,
) -> Iterator[tuple[float, FleetPlan]]:
    most = wanted.limits.get(limit, math.inf)
    for _ in range(MOST_STEPS):
        plan = cheapest_fleet(wanted.model_copy(update={limit: most}), models, largest_rate, rows)
        found = measured(plan) if isinstance(plan, FleetPlan) else None
        if not found or not isinstance(plan, FleetPlan):
            return
        yield found, plan
        most = LESS * found
