"""What a fleet is to serve and of what it may be made, as a file states it: the keys, and what they cannot say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.model_work import ModelWork
from aigc.config.problems import Path, Problem, did_you_mean, printable
from aigc.config.spec_model import SpecModel, Text
from aigc.plan.cost_model.request import Request
from aigc.plan.mix.workload import SHARES_OFF_BY

CLOUDS = (Cloud.AWS, Cloud.GCP, Cloud.AZURE)
"""Those whose machines are rented by the hour."""
MOST_MODELS = 256
MOST_CLASSES = 4
"""A model: the programme has a row for each set of them."""

WATTS, GRAMS_CO2E = "most_watts", "most_grams_co2e_per_hour"
"""Their keys, and in place of codes among the limits."""

SAID_BY_THE_ANSWER = frozenset({"cloud", "region", "models"})
"""Keys of a stack file that `stacks` has not; to the answer's pools it may add others."""

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]


class Survival(StrEnum):
    """What may break while the objectives still hold."""

    NOTHING = "nothing"
    MACHINE = "machine"
    """Any one machine."""
    ZONE = "zone"
    """Any one zone, with all its machines."""


class RequestClass(SpecModel):
    """Requests of one size."""

    name: Text
    """What the answer calls it."""
    share: Share
    """Of the model's requests; the shares of a model are 1 in sum."""
    request: Request
    """Every request of the class."""
    p99_ms: Positive | None = None
    """Objective in ms, where this class has one of its own."""


class Measured(SpecModel):
    """One measured batch of a model on one whole accelerator."""

    accelerator_id: Text
    """Row of accelerators.yaml."""
    request_class: Text
    """Name of the class that every request of the batch was of."""
    batch: Annotated[int, Field(ge=1, le=2**31)]
    """Requests served together."""
    latency_ms: Positive
    """From the batch's start to its last answer."""
    requests_per_second: Positive
    """With batches of this size one after the other."""


class PodSize(SpecModel):
    """What a replica requests of its machine beside the accelerator."""

    cpu_millicores: Annotated[int, Field(ge=0, le=1_024_000)]
    """Thousandths of a core."""
    memory_mib: Annotated[int, Field(ge=0, le=16_777_216)]
    """Of the machine, not of the accelerator."""


class WantedModel(SpecModel):
    """One model, its traffic and its objective."""

    name: Text
    """What the answer calls it."""
    requests_per_second: Annotated[float, Field(ge=0)]
    """Of all classes together."""
    p99_ms: Positive
    """Objective: 99 of 100 requests are answered in so many ms, their wait in the queue included."""
    classes: Annotated[tuple[RequestClass, ...], Field(min_length=1, max_length=MOST_CLASSES)]
    """Its requests by size."""
    max_batch: Annotated[int, Field(ge=1, le=1024)] = 32
    """Requests that a replica takes at once at most."""
    work: ModelWork | None = None
    """What a request makes it compute, in the keys of a work.yaml."""
    repository_model: Text | None = None
    """In place of `work`: the model of the repository whose work.yaml it is."""
    folder: Text | None = None
    """Its folder in model_repository/, from which a stack serves it; `repository_model` is one, too."""
    accelerators: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    """Those that may serve it: ids of accelerators.yaml, or with a share as the answer writes it, `nvidia-l4 (whole)`;
    any where it is left out."""
    pod: PodSize | None = None
    """A machine then holds no more replicas than fit, were all of them the largest pods of the file; a stack file knows
    it of its models' cards."""
    one_endpoint: bool = False
    """Whether every replica takes requests of all classes, as one endpoint of a stack does."""
    peak_factor: Annotated[float, Field(ge=1, le=1000)] = 1.0
    """The rate above divided by the mean: read for a stack file alone, whose replicas follow the traffic below it."""
    weight_bytes: Positive | None = None
    """Bytes of its weights, where neither states them and times are measured."""
    profiles: tuple[Measured, ...] = ()
    """Measured times; where they cover a batch they win over arithmetic."""


class Replanning(SpecModel):
    """How much a change of the last fleet must save; the defaults are assumptions, nobody has measured them."""

    least_saving_percent: Annotated[float, Field(ge=0.1, le=100)] = 5.0
    """Of what the last fleet costs; not below what a search leaves unproven, which would be a change of nothing."""
    least_saving_usd_per_hour: Annotated[float, Field(ge=0)] = 0.1
    """The larger of the two counts."""
    more_traffic_percent: Annotated[float, Field(ge=0, le=1000)] = 5.0
    """What a change that saves must leave room for, so that it is not undone as soon as traffic comes back."""
    move_usd: Annotated[float, Field(ge=0)] = 1.0
    """What a machine that comes or goes costs: paid twice for a while, weights loaded anew, somebody who looks."""
    payback_hours: Positive = 24.0
    """Within so many hours the saving must be worth the machines that come and go."""

    @property
    def move_usd_per_hour(self) -> float:
        """What each machine that comes or goes adds to the cost until that is paid back."""
        return self.move_usd / self.payback_hours


class WantedFleet(SpecModel):
    """The whole problem."""

    models: Annotated[tuple[WantedModel, ...], Field(min_length=1, max_length=MOST_MODELS)]
    """Everything that is to be served."""
    clouds: dict[Cloud, Annotated[tuple[Text, ...], Field(min_length=1)]] | None = None
    """Clouds that may be used, each with its regions; left out, every region that the catalog has prices of."""
    capacity: Annotated[tuple[CapacityType, ...], Field(min_length=1)] = (CapacityType.ON_DEMAND,)
    """How machines may be paid for."""
    spot_interrupted: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of the spot machines that is gone at any time and does not count; nobody knows it but by experience."""
    quotas: dict[Text, Annotated[float, Field(ge=0)]] = Field(default={})
    """Limit by the code of a quota, as `plan` and `capacity` print it, in its unit; others do not limit."""
    most_watts: Positive | None = None
    """Design power of all accelerators together at most, in W; machines of which it is unknown are then left out."""
    most_grams_co2e_per_hour: Positive | None = None
    """What the grids emit for that design power at most; machines of regions of which nothing is known are left out."""
    zones: Annotated[int, Field(ge=1, le=6)] = 1
    """Zones that each region has machines in."""
    survive: Survival = Survival.NOTHING
    """What may break while the objectives still hold."""
    replan: Replanning = Replanning()
    """When the last fleet is changed; read only where there is one."""
    stacks: dict[Cloud, dict[Text, JsonValue]] = Field(default={})
    """By cloud: what a stack file on it has besides, as it has it (project, registry, a pool for the platform)."""

    @property
    def largest_pod(self) -> PodSize | None:
        """Of every resource as much as any pod requests; None where nothing is known of pods."""
        pods = [model.pod for model in self.models if model.pod is not None]
        if not pods:
            return None
        cpu_millicores, memory_mib = max(one.cpu_millicores for one in pods), max(one.memory_mib for one in pods)
        return PodSize(cpu_millicores=cpu_millicores, memory_mib=memory_mib)

    @property
    def limits(self) -> dict[str, float]:
        """What the machines may count together, by code of quota; design power and its emissions are two of them."""
        ours = {WATTS: self.most_watts, GRAMS_CO2E: self.most_grams_co2e_per_hour}
        return {**self.quotas, **{key: most for key, most in ours.items() if most is not None}}

    def without_limits(self) -> WantedFleet:
        """The same where nothing is too much, though what counts in each limit is known."""
        ours = {key: math.inf for key in (WATTS, GRAMS_CO2E) if key in self.limits}
        return self.model_copy(update={"quotas": dict.fromkeys(self.quotas, math.inf), **ours})


def contradictions(wanted: WantedFleet) -> Iterator[Problem]:
    """Everything wrong between the parts of a problem whose parts are each well-formed."""
    yield from _names([model.name for model in wanted.models], ("models",))
    for at, model in enumerate(wanted.models):
        yield from _of_model(model, ("models", at))
    for cloud in wanted.clouds or ():
        if cloud not in CLOUDS:
            yield Problem(("clouds", cloud), "rents no machines", did_you_mean(cloud, CLOUDS, "clouds that do"))
    if (CapacityType.SPOT in wanted.capacity) != (wanted.spot_interrupted is not None):
        problem = "belongs to capacity spot, and one of the two is not there"
        yield Problem(
            ("spot_interrupted",), problem, "give both or neither; the catalog does not know how much is gone"
        )
    for cloud, keys in wanted.stacks.items():
        for key in sorted(SAID_BY_THE_ANSWER & set(keys)):
            yield Problem(("stacks", cloud, key), "is what the answer says", "remove it")
    if wanted.survive is Survival.ZONE and wanted.zones == 1:
        yield Problem(("survive",), "is zone, and there is 1 zone", "give zones: 2 or more, or survive: machine")


def _of_model(model: WantedModel, path: Path) -> Iterator[Problem]:
    yield from _names([one.name for one in model.classes], (*path, "classes"))
    total = math.fsum(one.share for one in model.classes)
    if abs(total - 1) > SHARES_OFF_BY:
        yield Problem((*path, "classes"), f"have shares of {total:g} in sum, not 1", "divide every share by that sum")
    stated = [key for key in ("work", "repository_model") if getattr(model, key) is not None]
    if len(stated) == 2:
        yield Problem((*path, "repository_model"), "states the work, as does the key work", "keep one of the two")
    if stated and model.weight_bytes is not None:
        yield Problem((*path, "weight_bytes"), f"is said by {stated[0]} too", "keep one of the two")
    if not stated and (model.weight_bytes is None or not model.profiles):
        problem = "has neither work nor repository_model, so that nobody can say how long a batch takes"
        yield Problem(path, problem, "add one of them, or weight_bytes and profiles")
    if model.folder is not None and model.repository_model is not None:
        yield Problem((*path, "folder"), "is said by repository_model too", "keep one of the two")
    for at, name in enumerate(model.accelerators or ()):
        if (accelerator_id := name.partition(" (")[0]) not in accelerators():
            problem = f"{printable(accelerator_id)} is not in the catalog"
            hint = did_you_mean(accelerator_id, accelerators(), "accelerators")
            yield Problem((*path, "accelerators", at), problem, hint)
    for at, measured in enumerate(model.profiles):
        yield from _of_profile(measured, model, (*path, "profiles", at))


def _of_profile(measured: Measured, model: WantedModel, path: Path) -> Iterator[Problem]:
    classes = [one.name for one in model.classes]
    if measured.request_class not in classes:
        problem = f"{printable(measured.request_class)} is no class of {printable(model.name)}"
        yield Problem((*path, "request_class"), problem, did_you_mean(measured.request_class, classes, "its classes"))
    if measured.accelerator_id not in accelerators():
        problem = f"{printable(measured.accelerator_id)} is not in the catalog"
        hint = did_you_mean(measured.accelerator_id, accelerators(), "accelerators")
        yield Problem((*path, "accelerator_id"), problem, hint)


def _names(names: list[str], path: Path) -> Iterator[Problem]:
    for at, name in enumerate(names):
        if (first := names.index(name)) != at:
            taken = f"{printable(name)} is the name of {path[-1]}[{first}] too"
            yield Problem((*path, at, "name"), taken, "give each a name of its own")
