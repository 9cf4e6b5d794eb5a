"""Why no fleet serves: which model, what keeps it from being served, and the least change that would do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aigc.catalog.machines import Machine
from aigc.plan.cost_model.physics import GB
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import Candidate, Group, LargestRate, candidates_for, rejected_by_queue
from aigc.plan.fleet.offers import offers_for
from aigc.plan.fleet.rejected import Reason, RejectedMachine, RejectedShare
from aigc.plan.fleet.search import Search
from aigc.plan.fleet.wanted import RequestClass, WantedFleet, WantedModel


@dataclass(frozen=True)
class Cause:
    """One thing that has to change."""

    models: tuple[str, ...]
    """Whose requests it keeps from being served."""
    reason: Reason
    sentence: str
    """What is in the way, for a person, without its full stop."""
    relaxation: str | None
    """The least that would do, or None where nobody knows."""


@dataclass(frozen=True)
class Infeasible:
    """The answer where there is no fleet."""

    causes: tuple[Cause, ...]
    """Each has to be removed, but for those of reason quota: of these one is enough."""
    rejected_machines: tuple[RejectedMachine, ...]
    rejected_shares: tuple[RejectedShare, ...]


def why_none(
    wanted: WantedFleet,
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None = None,
) -> Iterator[Cause]:
    """What keeps every fleet from serving; the problem has none."""
    offered = offers_for(wanted.without_limits(), rows)
    found = candidates_for(models, offered.offers, largest_rate, wanted.spot_interrupted or 0.0)
    for one in found.candidates:
        if (len(one.group.classes) == 1 or one.group.model.wanted.one_endpoint) and not _taken(
            found.candidates, one.group
        ):
            one.ask()
    late = [rejected_by_queue(one) for one in found.candidates if one.known and one.ask() <= 0]
    able = [one for one in found.candidates if not one.known or one.ask() > 0]
    causes = list(_unserved(wanted, able, offered.rejected, (*found.rejected, *late)))
    yield from causes or _quotas(Search(wanted, able, offered.offers))


def _taken(candidates: Sequence[Candidate], group: Group) -> bool:
    """Whether a share is known to serve the group at some rate."""
    return any(one.known and one.ask() > 0 for one in candidates if one.group is group)


def _quotas(search: Search) -> Iterator[Cause]:
    """Each quota that suffices if it alone is raised, by the least that does; else all of them together."""
    codes = list(search.wanted.limits)
    alone = [one for code in codes if (one := _raised(search, [code])) is not None]
    together = _raised(search, codes) if codes and not alone else None
    yield from alone or ([together] if together else [])


def _raised(search: Search, codes: Sequence[str]) -> Cause | None:
    found = search.run(slack=codes)
    if found is None:
        return None
    programme, best = found
    raised = {code: by for code, by in zip(codes, best.x[-len(codes) :], strict=True) if by}
    if not raised:
        return None
    limits = search.wanted.limits
    said = " and ".join(f"{code} from {limits[code]:g} to {limits[code] + by:g}" for code, by in raised.items())
    pools = {one.pool.key for one in programme.machines if any(one.offer.quotas.get(code) for code in raised)}
    counts, _ = programme.counts(best.x)
    used = (one for one, count in zip(programme.replicas, counts, strict=True) if count)
    models = dict.fromkeys(one.candidate.group.model.wanted.name for one in used if one.pool.key in pools)
    sentence = f"what {' and '.join(raised)} allows is too little"
    return Cause(tuple(models), Reason.QUOTA, sentence, f"raise {said}")


def _unserved(
    wanted: WantedFleet,
    candidates: Sequence[Candidate],
    machines: Sequence[RejectedMachine],
    shares: Sequence[RejectedShare],
) -> Iterator[Cause]:
    """A cause for each class of requests that no accelerator serves."""
    taken = {(one.group.model.wanted.name, name) for one in candidates for name in one.group.names}
    for model in wanted.models:
        for one in model.classes:
            if model.requests_per_second and (model.name, one.name) not in taken:
                of_model = [it for it in shares if it.model == model.name]
                alone = [it for it in of_model if it.classes == (one.name,)]
                # With one endpoint a class may be served alone, and not beside the others.
                beside = [it for it in of_model if model.one_endpoint and one.name in it.classes]
                why = [it for it in alone if it.reason is not Reason.LEFT_OUT] or beside or alone
                yield _cause(model, one, why) if why else _no_machine(model, machines)


def _cause(model: WantedModel, of_class: RequestClass, shares: Sequence[RejectedShare]) -> Cause:
    """Of what is nearest to serving: an objective that is missed before memory that is lacking before unknown facts."""
    name, p99_ms = of_class.name, of_class.p99_ms or model.p99_ms
    late = [one for one in shares if one.reason is Reason.OBJECTIVE]
    if late:
        best = min(late, key=lambda one: one.least_p99_ms or float("inf"))
        where = f"on {best.accelerator_id} ({best.share})"
        relaxation = None if best.least_p99_ms is None else f"p99_ms {math.ceil(best.least_p99_ms)} would do, {where}"
        sentence = f"no accelerator serves class {name} within {p99_ms:g} ms"
        return Cause((model.name,), Reason.OBJECTIVE, sentence, relaxation)
    small = [one for one in shares if one.reason is Reason.MEMORY]
    if small:
        best = min(small, key=lambda one: one.lacking_bytes or float("inf"))
        lacking = f"{best.accelerator_id} ({best.share}) lacks {(best.lacking_bytes or 0) / GB:.4g} GB"
        sentence = f"no accelerator holds its weights and a request of class {name}; the largest: {best.sentence}"
        return Cause((model.name,), Reason.MEMORY, sentence, lacking)
    first = shares[0]
    return Cause((model.name,), first.reason, f"class {name} on {first.accelerator_id}: {first.sentence}", None)


def _no_machine(model: WantedModel, machines: Sequence[RejectedMachine]) -> Cause:
    """There is nothing to rent at all."""
    reasons = Counter(one.reason for one in machines)
    if not reasons:
        return Cause((model.name,), Reason.NOT_SOLD, "the catalog has no machine in these clouds", None)
    said = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    return Cause((model.name,), reasons.most_common(1)[0][0], f"no machine can be rented: {said}", None)
