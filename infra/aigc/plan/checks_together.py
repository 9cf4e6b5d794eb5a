"""Checks of models that share pools: each may fit by itself, and all of them together may not.

Only what can never be is refused: that the nodes of some pools, at their most, have less than the models that may land
nowhere else keep of them. What the platform's own pods take is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aigc.config.problems import Problem
from aigc.config.spec import StackSpec
from aigc.plan import scaling
from aigc.plan.capacity import allocatable, cpu_millicores, machine_of, memory_mib, pool_for, sidecars
from aigc.plan.devices import devices_per_node, devices_per_replica
from aigc.plan.node_provisioning import by_karpenter
from aigc.plan.repository import Model

_CPU, _MEMORY = "millicores", "MiB of memory"
Amounts = dict[str, int]
"""Name of a resource -> how much of it."""


@dataclass(frozen=True)
class _Wish:
    """What one model keeps of its pools, and what one replica of it requests."""

    model: str
    pools: frozenset[str]
    replicas: int
    each: Amounts

    @property
    def kept(self) -> Amounts:
        """What its replicas take that are there all the time."""
        return {resource: amount * self.replicas for resource, amount in self.each.items()}


@dataclass
class _Taken:
    """What models keep of some pools."""

    amounts: Amounts = field(default_factory=dict)
    models: list[str] = field(default_factory=list)

    def add(self, wish: _Wish) -> None:
        """One more that stays."""
        self.models.append(wish.model)
        for resource, amount in wish.kept.items():
            self.amounts[resource] = self.of(resource) + amount

    def of(self, resource: str) -> int:
        """How much of one resource."""
        return self.amounts.get(resource, 0)


def together_problems(spec: StackSpec, served: Mapping[str, Sequence[Model]]) -> Iterator[Problem]:
    """Models for which the others leave no room; `served` has those on the cluster that are sound by themselves."""
    wishes = [wish for name, models in served.items() if (wish := _wish(spec, name, models)) is not None]
    refused: set[str] = set()
    for pools in dict.fromkeys(wish.pools for wish in wishes):
        inside = [wish for wish in wishes if wish.pools <= pools and wish.model not in refused]
        for problem in _in_pools(spec, pools, inside):
            refused.add(str(problem.path[1]))
            yield problem


def _wish(spec: StackSpec, name: str, models: Sequence[Model]) -> _Wish | None:
    asked = spec.models[name]
    first = pool_for(spec, asked)
    names = frozenset((first, *asked.overflow_pools)) if first else frozenset()
    machines = [machine_of(spec, spec.pools[one]) for one in names if one in spec.pools]
    if first is None or len(machines) != len(names) or None in machines:
        return None
    machine = machine_of(spec, spec.pools[first])
    assert machine is not None  # noqa: S101 - none of them is, see above
    mode = scaling.serving_mode(asked, accelerator=machine.resource_key is not None)
    more_cpu, more_memory = sidecars(spec.cloud, asked)
    each = {_CPU: cpu_millicores(asked, models) + more_cpu, _MEMORY: memory_mib(asked, models) + more_memory}
    if machine.resource_key is not None:
        each[machine.resource_key] = devices_per_replica(machine)
    return _Wish(name, names, scaling.replica_bounds(asked, mode, 1)[0], each)


def _room(spec: StackSpec, pools: frozenset[str]) -> Amounts:
    """What the pools give at their most; a resource of which one of them is not known is left out."""
    room: dict[str, int] = {}
    unknown = set()
    for pool in (spec.pools[name] for name in pools):
        machine = machine_of(spec, pool)
        assert machine is not None  # noqa: S101 - a wish has pools whose machines are known
        cpu, memory = allocatable(machine, by_karpenter=by_karpenter(spec, pool))
        node = {_CPU: cpu, _MEMORY: memory, machine.resource_key or "": devices_per_node(machine, pool)}
        unknown |= {resource for resource, amount in node.items() if amount is None}
        for resource, amount in node.items():
            room[resource] = room.get(resource, 0) + pool.max_nodes * (amount or 0)
    return {resource: amount for resource, amount in room.items() if resource not in unknown}


def _in_pools(spec: StackSpec, pools: frozenset[str], wishes: Sequence[_Wish]) -> Iterator[Problem]:
    """First those that stay, in the file's order; then, of each that comes back from zero, one replica."""
    room, taken = _room(spec, pools), _Taken()
    where = f"pool {next(iter(pools))}" if len(pools) == 1 else f"pools {', '.join(sorted(pools))}"
    for wish in sorted(wishes, key=lambda wish: wish.replicas == 0):
        wanted = wish.kept if wish.replicas else wish.each
        full = next((one for one in wanted if one in room and taken.of(one) + wanted[one] > room[one]), None)
        # What does not fit by itself is refused elsewhere.
        if full is not None and taken.models and wanted[full] <= room[full]:
            yield Problem(
                ("models", wish.model, "pool"),
                f"there is no room beside {', '.join(taken.models)}: {where} has {room[full]} {full} at most, "
                f"{taken.of(full)} are kept and {wanted[full]} more needed",
                "raise max_nodes, lower replicas.min of one of them, or name another pool",
            )
        elif wish.replicas:
            taken.add(wish)
