"""Chains of pools that GKE tries in order: a ComputeClass each, and what ties a node pool to one.

Pods only say which pool they prefer of those that have a node; which of several gets a node more is the autoscaler's
choice, and on GKE a ComputeClass makes that choice (GKE, 'About custom compute classes'). A node pool belongs to one
class, by a label and a taint.
"""

from __future__ import annotations

from collections.abc import Iterator

from aigc.catalog.gke import GKE_CLASS_LABEL
from aigc.catalog.kinds import Cloud
from aigc.config.problems import Problem, printable
from aigc.config.spec import ModelSpec, StackSpec
from aigc.plan.capacity import pool_for
from aigc.plan.parts import Taint
from aigc.plan.stack_plan import ComputeClassPlan

_PREFIX = "aigc-"
"""No class of ours may begin with `gke` or `autopilot`, as a pool's name may."""


def chain_of(spec: StackSpec, model: ModelSpec) -> tuple[str, ...]:
    """The pools that a model's pods may land on, in order."""
    first = pool_for(spec, model)
    return (first, *model.overflow_pools) if first else ()


def compute_classes(spec: StackSpec) -> tuple[ComputeClassPlan, ...]:
    """One a chain of more than one pool, named after its first; only on GKE."""
    if spec.cloud is not Cloud.GCP:
        return ()
    chains = dict.fromkeys(chain_of(spec, model) for model in spec.models.values())
    return tuple(ComputeClassPlan(name=f"{_PREFIX}{chain[0]}", pools=chain) for chain in chains if len(chain) > 1)


def class_of(spec: StackSpec, pool: str | None) -> str | None:
    """The class that a pool belongs to; None where it stands alone."""
    return next((one.name for one in compute_classes(spec) if pool in one.pools), None)


def class_labels(spec: StackSpec, pool: str | None) -> dict[str, str]:
    """What ties a pool's nodes to their class, and what its pods choose them by."""
    name = class_of(spec, pool)
    return {GKE_CLASS_LABEL: name} if name else {}


def class_taints(spec: StackSpec, pool: str) -> tuple[Taint, ...]:
    """What keeps pods of no class off a pool that has one."""
    labels = class_labels(spec, pool)
    return tuple(Taint(key=key, value=value, effect="NoSchedule") for key, value in labels.items())


def chain_problems(spec: StackSpec) -> Iterator[Problem]:
    """A pool in two chains, for it can belong to one class."""
    if spec.cloud is not Cloud.GCP:
        return
    first_with: dict[str, str] = {}
    for name, model in spec.models.items():
        chain = chain_of(spec, model)
        for pool in chain:
            other = first_with.setdefault(pool, name)
            theirs = chain_of(spec, spec.models[other])
            if theirs != chain:
                problem = f"{printable(pool)} is tried in another order by {printable(other)}: {', '.join(theirs)}"
                yield Problem(("models", name, "overflow_pools"), problem, "name the same pools, or none of them")
                break
