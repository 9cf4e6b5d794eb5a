"""Checks of models of mode managed: a machine to be had, files that are the model's, an image that can read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aigc.catalog.accelerators import CPU
from aigc.catalog.kinds import SourceKind
from aigc.catalog.managed import (
    ManagedMachine,
    ManagedService,
    clouds_with_managed_endpoints,
    managed_gap,
    managed_machines,
    managed_service,
    nearest_living_managed,
)
from aigc.config.problems import Problem, did_you_mean, one_of, printable
from aigc.config.spec import ModelSpec, RequestedMode, ResourcesSpec, StackSpec
from aigc.config.stacks import shown
from aigc.plan.capacity import memory_mib, models_on_nodes
from aigc.plan.content_hash import files_hash
from aigc.plan.managed import bounds, startup_seconds
from aigc.plan.python_imports import missing_packages
from aigc.plan.repository import CONFIG, Model

_MILLISECONDS = 1000
Where = tuple[str | int, ...]


def managed_problems(
    spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model], repository: Path
) -> Iterator[Problem]:
    """Everything that is wrong with one model of mode managed; `served` is empty where its folder has faults."""
    service = managed_service(spec.cloud)
    if service is None:
        clouds = one_of(sorted(clouds_with_managed_endpoints()))
        gap = managed_gap(spec.cloud)
        problem = f"managed is not available yet on {spec.cloud}" + (f": {gap.because}" if gap else "")
        yield Problem((*path, "mode"), problem, f"choose auto, knative or steady; cloud {clouds} has managed")
        return
    if not models_on_nodes(spec):
        yield Problem(
            (*path, "mode"),
            "no model is left for the cluster, which the stack would make and pay for all the same",
            "add a model of another mode",
        )
    yield from _off_the_cluster(path, asked)
    yield from _machine(spec, path, asked, served)
    yield from _instances(path, asked, service)
    yield from _times(spec, path, asked, service)
    yield from _files(path, asked, served, repository, service)
    yield from _image(spec, path, served, repository, service)


def unmanaged_problems(path: Where, asked: ModelSpec) -> Iterator[Problem]:
    """A model on the cluster that says where it would run off it."""
    if asked.managed is not None and asked.mode is not RequestedMode.MANAGED:
        yield Problem((*path, "managed"), f"means nothing for mode {asked.mode}", "remove it, or write mode: managed")


def _off_the_cluster(path: Where, asked: ModelSpec) -> Iterator[Problem]:
    without = {"pool": asked.pool is None, "overflow_pools": not asked.overflow_pools,
               "resources": asked.resources == ResourcesSpec()}  # fmt: skip
    for key, absent in without.items():
        if not absent:
            yield Problem((*path, key), "means nothing for mode managed: no pod is made", "remove it")
    for key in ("target_concurrency", "hard_concurrency", "initial_replicas"):
        if getattr(asked.scaling, key) is not None:
            way_out = "remove it; managed.requests_per_minute is what its machines are counted by"
            yield Problem((*path, "scaling", key), "means nothing for mode managed", way_out)


def _machine(spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model]) -> Iterator[Problem]:
    known = managed_machines(spec.cloud)
    if asked.managed is None:
        some = next(name for name, row in known.items() if row.gone is None)
        yield Problem((*path, "managed"), "is missing", f"add managed: {{machine_type: {some}}} or another machine")
        return
    where, name = (*path, "managed", "machine_type"), asked.managed.machine_type
    row = known.get(name)
    if row is None:
        usable = [one for one, there in known.items() if there.gone is None]
        yield Problem(where, f"{printable(name)} is not in the catalog", did_you_mean(name, usable, "machines"))
    elif row.gone is not None:
        yield Problem(where, f"{name} cannot be had any more: {row.gone}", _instead_of(row))
    else:
        yield from _holds(path, where, asked, row=row, served=served)


def _instead_of(row: ManagedMachine) -> str:
    nearest = nearest_living_managed(row)
    if nearest is None or nearest.carries is None:
        return "no newer machine here carries as much; choose a smaller one"
    return f"choose {nearest.machine_type} ({nearest.carries.accelerator}), the nearest that carries no less"


def _holds(
    path: Where, where: Where, asked: ModelSpec, *, row: ManagedMachine, served: Sequence[Model]
) -> Iterator[Problem]:
    machine = row.carries
    if machine is None:
        return
    carried = machine.accelerator_id or CPU
    if asked.accelerators and carried not in asked.accelerators:
        problem = f"{row.machine_type} carries {carried}, which accelerators leaves out"
        yield Problem(where, problem, "make the two agree")
    needed = memory_mib(asked, served) if served else 0
    if machine.memory_gib is not None and needed > machine.memory_gib * 1024:
        problem = f"{row.machine_type} has {machine.memory_gib:g} GiB, the models need {needed} MiB"
        yield Problem(where, problem, "choose a larger machine")


def _instances(path: Where, asked: ModelSpec, service: ManagedService) -> Iterator[Problem]:
    low, high = bounds(asked, service)
    if low < service.fewest_instances:
        yield Problem((*path, "replicas", "min"), service.fewest_because, f"use {service.fewest_instances} or more")
    target = asked.managed.requests_per_minute if asked.managed else None
    where = (*path, "managed", "requests_per_minute")
    if asked.managed and high > low and target is None:
        problem = f"is missing: replicas may go from {low} to {high}, and nothing says when"
        yield Problem(where, problem, "name what one machine is to take, or make replicas.min and max the same")
    if target is not None and high <= low:
        yield Problem(where, "means nothing: the number of machines is fixed", "raise replicas.max, or remove it")


def _times(spec: StackSpec, path: Where, asked: ModelSpec, service: ManagedService) -> Iterator[Problem]:
    longest = service.request_seconds
    asked_seconds = asked.scaling.request_timeout_seconds
    if asked_seconds is not None and asked_seconds > longest:
        problem = f"{service.name} waits {longest} s for an answer at most"
        yield Problem((*path, "scaling", "request_timeout_seconds"), problem, f"use {longest} or less")
    if asked.slo.p99_ms > longest * _MILLISECONDS:
        problem = f"{asked.slo.p99_ms:g} is longer than {service.name} waits for an answer ({longest} s)"
        yield Problem((*path, "slo", "p99_ms"), problem, "lower it")
    row = managed_machines(spec.cloud).get(asked.managed.machine_type) if asked.managed else None
    least, most = service.startup_seconds
    if row and not least <= startup_seconds(asked, row) <= most:
        problem = f"{service.name} waits {least} to {most} s for a machine that starts"
        yield Problem((*path, "scaling", "progress_deadline_seconds"), problem, "choose a number in between")


def _files(
    path: Where, asked: ModelSpec, served: Sequence[Model], repository: Path, service: ManagedService
) -> Iterator[Problem]:
    where, source = (*path, "source"), asked.source
    if source.kind is not SourceKind.BUCKET:
        yield Problem((*where, "kind"), f"{service.name} reads a model's files from a bucket", "use kind: bucket")
        return
    if not served:
        return
    names, digest = [model.name for model in served], files_hash(repository, tuple(served))
    scheme = f"{service.uri_scheme}://"
    way_out = (
        f"copy {', '.join(names)} of {shown(repository)}/ into {scheme}<bucket>/<path>/{digest}/ and name that, or "
        "leave it out: the stack then fills a bucket of its own"
    )
    if source.uri is None:
        return  # the stack makes a bucket and fills it
    if not source.uri.startswith(scheme) or not source.uri.endswith("/") or source.uri.count("/") < 4:
        yield Problem((*where, "uri"), f"{printable(source.uri)} is no folder in a bucket of this cloud", way_out)
    elif source.uri.rstrip("/").rpartition("/")[2] != digest:
        yield Problem((*where, "uri"), f"does not end in {digest}/, the hash of the model's files", way_out)


def _image(
    spec: StackSpec, path: Where, served: Sequence[Model], repository: Path, service: ManagedService
) -> Iterator[Problem]:
    if spec.region and spec.region not in service.image.registries:
        problem = f"the catalog knows no registry of {service.name}'s Triton in {spec.region}"
        yield Problem((*path, "mode"), problem, f"use one of {one_of(sorted(service.image.registries))}")
    for model, package in missing_packages(repository, served, service.image.python_packages):
        yield Problem(
            (*path, "mode"),
            f"{model.name} imports {package}, which the image of {service.name} has not",
            f"use a backend of Triton's own in {shown(repository / model.name / CONFIG)}, as onnxruntime, or "
            "another mode",
        )
