"""Shapes of TPU slices: which a machine type can form, of how many machines, and which one a pool has.

A slice is chips wired to each other, `2x4` in two dimensions, `2x2x4` in three; all of its machines come and go
together. A slice of one machine is the machine itself.
"""

from __future__ import annotations

import math
import re

from aigc.catalog.machines import Machine
from aigc.config.spec import PoolSpec

_TOPOLOGY = re.compile(r"[1-9][0-9]{0,3}(x[1-9][0-9]{0,3}){1,2}")
_CUBE_EDGE = 4
"""Larger slices of three dimensions are made of cubes of 64 chips."""
_CUBE_CHIPS = 64


def axes(topology: str) -> tuple[int, ...]:
    """`2x2x4` as numbers; empty where it is no topology."""
    return tuple(int(axis) for axis in topology.split("x")) if _TOPOLOGY.fullmatch(topology) else ()


def can_form(machine: Machine, topology: str) -> bool:
    """Whether machines of this type are sold in this shape."""
    if topology in (*machine.topologies_single_host, *machine.topologies_multi_host):
        return True
    shape = axes(topology)
    if machine.topology_cubes is None or len(shape) != len(axes(machine.topologies_single_host[0])):
        return False
    whole = all(axis % _CUBE_EDGE == 0 for axis in shape) and list(shape) == sorted(shape)
    return whole and math.prod(shape) // _CUBE_CHIPS <= machine.topology_cubes


def topology_of(pool: PoolSpec, machine: Machine) -> str | None:
    """The pool's own, else that of one machine by itself; None where there are no TPUs."""
    if not machine.is_tpu:
        return None
    return pool.topology or machine.topologies_single_host[0]


def hosts_of(pool: PoolSpec, machine: Machine) -> int:
    """Machines of one slice: its chips divided by those of a machine; 1 where nothing spans machines."""
    topology = topology_of(pool, machine)
    shape = axes(topology) if topology and can_form(machine, topology) else ()
    return max(1, math.prod(shape) // machine.chips_per_node) if shape and machine.chips_per_node else 1


def choices(machine: Machine) -> str:
    """What can be written, for a person."""
    named = ", ".join((*machine.topologies_single_host, *machine.topologies_multi_host))
    if machine.topology_cubes is None:
        return named
    return (
        f"{named}, or three multiples of {_CUBE_EDGE} that do not fall, "
        f"of {_CUBE_CHIPS * machine.topology_cubes} chips together at most"
    )
