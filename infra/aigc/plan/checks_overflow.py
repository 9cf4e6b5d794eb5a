"""Checks of the pools that take what a model's own pool has no room for."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.config.problems import Problem, did_you_mean, printable
from aigc.config.spec import ModelSpec, StackSpec
from aigc.plan.capacity import accelerator_of

Where = tuple[str | int, ...]


def overflow_problems(spec: StackSpec, path: Where, asked: ModelSpec) -> Iterator[Problem]:
    """Each is a pool of its own, once, with what the model's pool carries, beside a pool that is named."""
    if not asked.overflow_pools:
        return
    where = (*path, "overflow_pools")
    own = spec.pools.get(asked.pool or "")
    if asked.pool is None:
        yield Problem(where, "what overflows must be named, too", "add pool: the one that is filled first")
    for index, name in enumerate(asked.overflow_pools):
        pool = spec.pools.get(name)
        if pool is None:
            hint = did_you_mean(name, spec.pools, "pools") if spec.pools else "add it under pools"
            yield Problem((*where, index), f"there is no pool {printable(name)}", hint)
        elif name == asked.pool or name in asked.overflow_pools[:index]:
            yield Problem((*where, index), f"{printable(name)} is named twice", "keep it once")
        elif own is not None and accelerator_of(spec, pool) != accelerator_of(spec, own):
            yield Problem(
                (*where, index),
                f"carries {accelerator_of(spec, pool)}, and {printable(asked.pool)} {accelerator_of(spec, own)}: one "
                "version asks for one kind",
                "name pools of the same accelerator",
            )
