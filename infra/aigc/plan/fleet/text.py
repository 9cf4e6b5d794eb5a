"""A fleet for a person, and for a program: machines, replicas, routes, what is proven, and why the rest lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from aigc.plan.fleet.answer import FleetPlan, PlacedReplicas, RentedMachines
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.predicted import predicted_latency
from aigc.plan.fleet.rejected import RejectedMachine, RejectedShare

MOST_LISTED = 3
"""Examples a reason; JSON has all."""


def fleet_json(answer: FleetPlan | Infeasible) -> dict[str, Any]:
    """Every part of the answer under its own name; unknown is null."""
    document = {"feasible": isinstance(answer, FleetPlan), **asdict(answer)}
    if isinstance(answer, FleetPlan):
        document |= {"gap": answer.gap, "watts": answer.watts, "usd_per_million": answer.usd_per_million}
        document["grams_co2e_per_hour"] = answer.grams_co2e_per_hour
        for one, placed in zip(document["replicas"], answer.replicas, strict=True):
            predicted = predicted_latency(placed)
            one["assumed"] = sorted(one["assumed"])
            one |= {"max_batch": placed.max_batch, "p50_ms": predicted.p50_ms, "p99_ms": predicted.p99_ms}
    return document


def render_fleet(answer: FleetPlan | Infeasible) -> str:
    """The answer without the long list of what lost."""
    lines = _plan(answer) if isinstance(answer, FleetPlan) else _none(answer)
    return "\n".join([*lines, *_rejected(answer.rejected_machines, answer.rejected_shares)]) + "\n"


def _plan(plan: FleetPlan) -> Iterator[str]:
    watts = "" if plan.watts is None else f", accelerators of {plan.watts:,.0f} W"
    each = "" if plan.usd_per_million is None else f", ${plan.usd_per_million:,.4g} a million requests"
    grams = plan.grams_co2e_per_hour
    carbon = ", gCO2e not known: of some region or accelerator" if grams is None else f", {grams:,.0f} gCO2e an hour"
    yield f"${plan.usd_per_hour:,.4g} an hour{each}{watts}{carbon if plan.machines else ''}"
    yield (
        f"  nothing that suffices costs less than ${plan.relaxed_usd_per_hour:,.4g} by arithmetic, nor than "
        f"${plan.least_usd_per_hour:,.4g} by the solver's word: a gap of {plan.gap:.2%}"
    )
    yield "\nMachines"
    yield from map(_machine, plan.machines)
    yield "\nReplicas"
    yield from map(_replicas, plan.replicas)
    assumed = sorted({said for one in plan.replicas for said in one.assumed})
    if assumed:
        yield "\nAssumed, and measured by nobody"
        yield from (f"  {said}" for said in assumed)


def _machine(one: RentedMachines) -> str:
    zones = "" if one.zones == 1 else f", {one.count // one.zones} in each of {one.zones} zones"
    return f"  {one.count} x {machine_type(one)}{zones}"


def machine_type(one: RentedMachines) -> str:
    """What each machine of a pool is, where, how it is cut and what it costs."""
    cut = "" if one.share == "whole" else f", {one.share} of a GPU for each replica"
    paid = one.capacity.replace("_", " ")
    return f"{one.machine_type} ({one.cloud}, {one.region}), {paid}, ${one.usd_per_hour:g}{cut}"


def _replicas(one: PlacedReplicas) -> str:
    routed = ", ".join(f"{part:.1%} of {name}" for name, part in one.shares.items()) or "nothing"
    share = "" if one.share == "whole" else f" ({one.share})"
    most = f"up to {one.requests_per_second:.4g} requests/s each in batches of up to {one.max_batch}"
    predicted = predicted_latency(one)
    said = f"p50 {predicted.p50_ms:.4g} ms and p99 {predicted.p99_ms:.4g} ms at {one.utilisation:.1%} of that"
    return f"  {one.model}: {one.count} on {one.accelerator_id}{share}: {routed}, {most}, {said}"


def _none(answer: Infeasible) -> Iterator[str]:
    yield "No fleet serves this"
    for cause in answer.causes:
        way = "" if cause.relaxation is None else f": {cause.relaxation}"
        yield f"  {', '.join(cause.models)}: {cause.reason}: {cause.sentence}{way}"


def _rejected(machines: Sequence[RejectedMachine], shares: Sequence[RejectedShare]) -> Iterator[str]:
    if machines:
        yield "\nMachines that serve nobody"
    for reason, count in Counter(one.reason for one in machines).most_common():
        some = [one for one in machines if one.reason is reason][:MOST_LISTED]
        said = "; ".join(f"{one.machine_type}: {one.sentence}" for one in some)
        yield f"  {count} {reason}: {said}{'; ...' if count > len(some) else ''}"
    alone = [one for one in shares if len(one.classes) == 1]
    if alone:
        yield "\nAccelerators that do not serve"
    for (model, name, reason), count in Counter((one.model, one.classes[0], one.reason) for one in alone).items():
        of_kind = (one for one in alone if (one.model, one.classes[0], one.reason) == (model, name, reason))
        first = next(of_kind)
        yield f"  {model}, {name}: {count} {reason}: {first.accelerator_id} ({first.share}): {first.sentence}"
