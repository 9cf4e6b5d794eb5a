"""Solves a fleet with rates that a queue tells only when it is asked, since asking takes long."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aigc.plan.fleet.by_model import ByModel
from aigc.plan.fleet.candidates import Candidate
from aigc.plan.fleet.offers import Offer
from aigc.plan.fleet.pools import pools_of
from aigc.plan.fleet.programme import Programme, programme_of
from aigc.plan.fleet.solver import Relaxed, Solved, relaxation, solved
from aigc.plan.fleet.wanted import WantedFleet
from aigc.plan.mix.demand import Array


@dataclass(frozen=True)
class Search:
    """One problem with everything that may serve it."""

    wanted: WantedFleet
    candidates: Sequence[Candidate]
    offers: Sequence[Offer]

    def run(self, slack: Sequence[str] = ()) -> tuple[Programme, Solved] | None:
        """The cheapest answer, or with `slack` one that raises these quotas least; None: there is none.

        The programme is solved, the rates that its answer uses are asked for, and so on until it uses known ones alone.
        A rate that nobody has asked for counts as the most that it can be: no fleet is cheaper than what is found last.
        """
        if not self._all_taken(self._able()):
            return None
        if slack or any(map(math.isfinite, self.wanted.limits.values())):
            return self.as_a_whole(slack)
        return self.by_model()

    def by_model(self) -> tuple[Programme, Solved] | None:
        """Without quotas: most of what may serve is ruled out model by model."""
        models = ByModel(self.candidates, list(pools_of(self.wanted, self.offers)))
        while (programme := models.reduced()) is not None:
            best = solved(programme)
            if best is None or not _asked(programme, best.x):
                return None if best is None else (programme, best)
        return None

    def as_a_whole(self, slack: Sequence[str] = ()) -> tuple[Programme, Solved] | None:
        """With everything that may serve in one programme: quotas hold models together."""
        pools = list(pools_of(self.wanted, self.offers))
        solve: Callable[[Programme], Relaxed | Solved | None] = relaxation
        while self._all_taken(able := self._able()):
            programme = programme_of(able, pools, self.wanted.limits)
            programme = programme.with_slack(slack) if slack else programme
            best = solve(programme)
            if best is None:
                return None
            if _asked(programme, best.x):
                continue
            if isinstance(best, Solved):
                return programme, best
            solve = solved
        return None

    def _able(self) -> list[Candidate]:
        return [one for one in self.candidates if not one.known or one.requests_per_second > 0]

    def _all_taken(self, candidates: Sequence[Candidate]) -> bool:
        taken = {(one.group.model.wanted.name, name) for one in candidates for name in one.group.names}
        asked = (model for model in self.wanted.models if model.requests_per_second)
        return all((model.name, one.name) in taken for model in asked for one in model.classes)


def _asked(programme: Programme, x: Array) -> bool:
    """Whether the answer uses rates that were not known; now they are."""
    counts, _ = programme.counts(x)
    used = (programme.replicas[at].candidate for at in np.flatnonzero(counts > 0))
    unknown = [one for one in used if not one.known]
    for one in unknown:
        one.ask()
    return bool(unknown)
