"""Solves a fleet with rates that a queue tells only when it is asked, since asking takes long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from aigc.plan.fleet.candidates import Candidate
from aigc.plan.fleet.offers import Offer
from aigc.plan.fleet.pools import pools_of
from aigc.plan.fleet.programme import Programme, programme_of
from aigc.plan.fleet.solver import Relaxed, Solved, relaxation, solved
from aigc.plan.fleet.wanted import WantedFleet


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
        pools = list(pools_of(self.wanted, self.offers))
        solve: Callable[[Programme], Relaxed | Solved | None] = relaxation
        while True:
            able = [one for one in self.candidates if not one.known or one.requests_per_second > 0]
            if not self._all_taken(able):
                return None
            programme = programme_of(able, pools, self.wanted.limits)
            programme = programme.with_slack(slack) if slack else programme
            best = solve(programme)
            if best is None:
                return None
            counts, _ = programme.counts(best.x)
            used = [programme.replicas[at].candidate for at in np.flatnonzero(counts > 0)]
            unknown = [one for one in used if not one.known]
            for one in unknown:
                one.ask()
            if not unknown and isinstance(best, Solved):
                return programme, best
            if not unknown:
                solve = solved

    def _all_taken(self, candidates: Sequence[Candidate]) -> bool:
        taken = {(one.group.model.wanted.name, name) for one in candidates for name in one.group.names}
        asked = (model for model in self.wanted.models if model.requests_per_second)
        return all((model.name, one.name) in taken for model in asked for one in model.classes)
