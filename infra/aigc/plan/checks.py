"""Every check across fields of a stack file, all faults at once: what would fail later is refused before it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.faults import Fault, UserError
from aigc.config.problems import Problem
from aigc.config.spec import StackSpec
from aigc.plan.checks_cluster import cluster_problems
from aigc.plan.checks_models import model_problems
from aigc.plan.checks_pools import pool_problems
from aigc.plan.checks_tpu_vms import tpu_vm_problems
from aigc.plan.repository import Model, companions, model_names, read_model


@dataclass(frozen=True)
class Findings:
    """What is wrong in the stack file, what is wrong in the repository, and the models that are sound."""

    problems: tuple[Problem, ...]
    faults: tuple[Fault, ...]
    models: dict[str, tuple[Model, ...]]
    """By the name in the stack file: the model itself, then those it requires."""


def check(spec: StackSpec, stack: str, repository: Path) -> Findings:
    """Run every check; nothing stops at the first fault."""
    known = model_names(repository)
    models: dict[str, tuple[Model, ...]] = {}
    faults: list[Fault] = []
    for name in spec.models:
        if name in known:
            model, wrong = read_model(repository, name)
            served, more = companions(repository, model) if model else ((), [])
            faults += [*wrong, *more]
            if model and not more:
                models[name] = served
    problems = _unique(
        [
            *cluster_problems(spec, stack),
            *pool_problems(spec),
            *tpu_vm_problems(spec),
            *model_problems(spec, models, known, repository),
        ]
    )
    return Findings(tuple(problems), tuple(dict.fromkeys(faults)), models)


def _unique(problems: list[Problem]) -> Iterator[Problem]:
    yield from dict.fromkeys(problems)


def checked_models(spec: StackSpec, stack: str, repository: Path) -> dict[str, tuple[Model, ...]]:
    """The models of a sound spec; raises UserError with every fault of another."""
    findings = check(spec, stack, repository)
    if findings.problems or findings.faults:
        raise UserError([*(problem.fault() for problem in findings.problems), *findings.faults])
    return findings.models
