"""An answer taken apart into stacks: which machines and replicas a cloud has, and what keeps it from being a stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, machines
from aigc.config.problems import Problem, did_you_mean, one_of, printable
from aigc.plan.devices import accelerators_per_node, devices_per_replica
from aigc.plan.fleet.answer import FleetPlan, PlacedReplicas, RentedMachines, cheapest_fleet
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.fleet.infeasible import Infeasible
from aigc.plan.fleet.offers import pods_held
from aigc.plan.fleet.shares import AcceleratorShare, kind_name, shares_of
from aigc.plan.fleet.wanted import PodSize, WantedFleet, WantedModel
from aigc.plan.repository import Model


@dataclass(frozen=True)
class Landed:
    """Replicas of a model on the machines of one pool."""

    placed: PlacedReplicas
    pool: int
    """Index among the machines of the answer."""
    count: int


def folder_of(model: WantedModel) -> str | None:
    """Its folder in the model repository; None where it has none."""
    return model.folder or model.repository_model


def unservable(wanted: WantedFleet, models: Mapping[str, Model]) -> Iterator[Problem]:
    """What keeps a model from being served by a stack, whatever the answer is; `models` has the repository's."""
    taken: dict[str, int] = {}
    for at, model in enumerate(wanted.models):
        path, folder = ("models", at), folder_of(model)
        if folder is None:
            problem = f"{printable(model.name)} has no folder in model_repository/, and a stack serves nothing else"
            yield Problem(path, problem, "name it with the key folder, or leave the model out")
        elif folder not in models:
            hint = did_you_mean(folder, models, "models")
            yield Problem((*path, "folder"), f"there is no sound model {printable(folder)} in model_repository/", hint)
        elif folder in taken:
            problem = (
                f"{printable(folder)} is served for models[{taken[folder]}] already, and an endpoint is one model's"
            )
            yield Problem(path, problem, "state their requests as classes of one model")
        elif not model.requests_per_second:
            yield Problem(
                (*path, "requests_per_second"), "is 0, so that the answer has no replicas", "leave the model out"
            )
        elif model.max_batch > (most := max(1, models[folder].config.max_batch_size)):
            problem = f"is {model.max_batch}, and config.pbtxt of {folder} allows {most}"
            yield Problem((*path, "max_batch"), problem, f"write {most}, or raise max_batch_size there")
        taken.setdefault(folder or "", at)


def stackable_fleet(
    wanted: WantedFleet, models: Sequence[ServedModel], largest_rate: LargestRate, rows: Sequence[Machine] | None = None
) -> FleetPlan | Infeasible:
    """The cheapest fleet whose models are each served by replicas of one kind, for all of their requests.

    An endpoint is one version on one kind of accelerator, and requests reach any of its replicas. Where the cheapest
    answer has several kinds for a model, that of most requests stays and the problem is solved again, so this is no
    proof of the cheapest such fleet: the bounds are those of the first answer, which nothing that suffices undercuts.
    """
    joined = tuple(model.model_copy(update={"one_endpoint": True}) for model in wanted.models)
    found = first = _solved(wanted, joined, models, largest_rate, rows)
    while isinstance(found, FleetPlan) and (several := _several_kinds(found)):
        joined = tuple(
            model.model_copy(update={"accelerators": (several[model.name],)}) if model.name in several else model
            for model in joined
        )
        found = _solved(wanted, joined, models, largest_rate, rows)
    if isinstance(found, Infeasible) or isinstance(first, Infeasible):
        return found
    return replace(found, relaxed_usd_per_hour=first.relaxed_usd_per_hour, least_usd_per_hour=first.least_usd_per_hour)


def _solved(
    wanted: WantedFleet,
    joined: tuple[WantedModel, ...],
    models: Sequence[ServedModel],
    largest_rate: LargestRate,
    rows: Sequence[Machine] | None,
) -> FleetPlan | Infeasible:
    served = [replace(one, wanted=model) for one, model in zip(models, joined, strict=True)]
    return cheapest_fleet(wanted.model_copy(update={"models": joined}), served, largest_rate, rows)


def _several_kinds(answer: FleetPlan) -> dict[str, str]:
    """The kind that serves most of a model, for each that is on several."""
    served: dict[str, dict[str, float]] = {}
    for one in answer.replicas:
        kinds = served.setdefault(one.model, {})
        kind = kind_name(one.accelerator_id, one.share)
        kinds[kind] = kinds.get(kind, 0.0) + sum(one.shares.values())
    return {model: max(kinds, key=lambda kind: kinds[kind]) for model, kinds in served.items() if len(kinds) > 1}


def landed(answer: FleetPlan, pod: PodSize | None) -> tuple[Landed, ...]:
    """Which replicas are on which machines: each model on as few pools as can be, of those with most room first."""
    room = [one.count * replicas_held(one, pod) for one in answer.machines]
    found: list[Landed] = []
    for placed in sorted(answer.replicas, key=lambda one: -one.count):
        left = placed.count
        able = [at for at, one in enumerate(answer.machines) if _device(one) == _device(placed)]
        for at in sorted(able, key=lambda at: -room[at]):
            taken = min(left, room[at])
            if taken:
                found.append(Landed(placed, at, taken))
            left, room[at] = left - taken, room[at] - taken
    return tuple(found)


def _device(one: RentedMachines | PlacedReplicas) -> tuple[str, str, str, int]:
    return one.accelerator_id, one.share, one.capacity, one.zones


def replicas_held(one: RentedMachines, pod: PodSize | None) -> int:
    """Replicas that one machine has devices and room for."""
    machine = machines(Cloud(one.cloud))[one.machine_type]
    devices = accelerators_per_node(machine) // devices_per_replica(machine) * share_of(one).parts
    return int(min(devices, pods_held(machine, pod)))


def share_of(one: RentedMachines) -> AcceleratorShare:
    """How its accelerators are cut."""
    machine = machines(Cloud(one.cloud))[one.machine_type]
    ways = shares_of(machine, accelerators()[one.accelerator_id])
    return next(way for way in ways if way.name == one.share)


def region_problems(answer: FleetPlan) -> Iterator[Problem]:
    """A stack is in one region of its cloud."""
    regions: dict[str, set[str]] = {}
    for one in answer.machines:
        regions.setdefault(one.cloud, set()).add(one.region or "")
    for cloud, found in regions.items():
        if len(found) > 1:
            problem = f"the cheapest fleet is in {one_of(sorted(found))} of {cloud}, and a stack is in one region"
            yield Problem(("clouds", cloud), problem, f"name one of them alone: clouds: {{{cloud}: [{min(found)}]}}")
