"""Everything that can be said about a stack file before anything is made: one call for `validate` and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from aigc.catalog.faults import Fault, UserError
from aigc.config.stack_file import StackFileError, examine
from aigc.config.stacks import MODEL_REPOSITORY, stack_of, stack_path
from aigc.plan.checks import check
from aigc.plan.checks_cluster import stack_name_problems
from aigc.plan.cold_start import too_short
from aigc.plan.reservations import expiry_problems
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan


def stack_file_faults(path: Path, repository: Path = MODEL_REPOSITORY, now: datetime | None = None) -> list[Fault]:
    """Every fault of a stack file, each with file, line, path, reason and way out; empty when a plan can be made.

    What is over at `now` is a fault too; without it no clock is asked, and one commit stays one plan.
    """
    try:
        stack = stack_of(path)
    except UserError as error:
        return [*error.faults]
    file = examine(path)
    if file.spec is None:
        return file.faults
    findings = check(file.spec, stack, repository)
    found = [*findings.problems, *stack_name_problems(file.spec, stack)]
    found += expiry_problems(file.spec, now) if now else ()
    # A key that is wrong by itself was taken out before the checks; what they miss there was said already.
    known = {fault.where for fault in file.faults}
    return [*file.faults, *(fault for fault in file.located(found) if fault.where not in known), *findings.faults]


def stack_file_warnings(path: Path, repository: Path = MODEL_REPOSITORY) -> list[Fault]:
    """What is allowed and may be wrong all the same, as faults are told; of a stack file without faults."""
    file = examine(path)
    assert file.spec is not None  # noqa: S101 - no faults means a spec
    return file.located(too_short(resolve(file.spec, stack_of(path), repository)))


def plan_of(
    stack: str, repository: Path = MODEL_REPOSITORY, overrides: Mapping[str, str] = MappingProxyType({})
) -> StackPlan:
    """The plan of a stack by its name; raises UserError with every fault, each with its line in the stack file.

    `overrides` are fields of the spec that a command line sets in place of the file, for instance `kubeconfig`.
    """
    path = stack_path(stack)
    if faults := stack_file_faults(path, repository):
        raise StackFileError(faults)
    spec = examine(path).spec
    assert spec is not None  # noqa: S101 - no faults means a spec
    return resolve(spec.model_copy(update=dict(overrides)), stack, repository)
