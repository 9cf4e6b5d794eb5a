"""A change of a fleet as a difference that a person can read, and for a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.replan import Replanned
from aigc.plan.fleet.steps import PoolChange
from aigc.plan.fleet.text import fleet_json, machine_type, render_fleet


def replanned_json(answer: Replanned | Infeasible) -> dict[str, Any]:
    """Every part of the answer under its own name; `machines` makes it the last fleet of the next question."""
    return fleet_json(answer) if isinstance(answer, Infeasible) else {"feasible": True, **asdict(answer)}


def render_replanned(answer: Replanned | Infeasible) -> str:
    """The change, what is to come, and why."""
    return render_fleet(answer) if isinstance(answer, Infeasible) else "\n".join(_lines(answer)) + "\n"


def _lines(answer: Replanned) -> Iterator[str]:
    if answer.no_longer:
        yield "The last fleet does not do any more"
        yield from (f"  {why}" for why in answer.no_longer)
        yield ""
    if answer.change is None:
        yield f"No change, ${answer.usd_per_hour:,.4g} an hour: {answer.reason}"
        return
    yield f"Change one pool, ${answer.usd_per_hour_before:,.4g} -> ${answer.usd_per_hour:,.4g} an hour: {answer.reason}"
    yield _difference(answer.change)
    if answer.to_come:
        yield f"\nTo come, if nothing else changes, until ${answer.usd_per_hour_then:,.4g} an hour"
        yield from map(_difference, answer.to_come)


def _difference(change: PoolChange) -> str:
    sign = "-" if change.after < change.before else "+"
    return f"{sign} {change.before} -> {change.after} x {machine_type(change.pool)}"
