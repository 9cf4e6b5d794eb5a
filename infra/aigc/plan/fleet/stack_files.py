"""Stack files out of an answer: one for each of its clouds, and only those in which `validate` finds nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from aigc.catalog.faults import Fault, UserError, fail
from aigc.catalog.kinds import Cloud
from aigc.config.problems import ROOT, one_of
from aigc.config.schema_problems import judge
from aigc.config.spec import ModelSpec
from aigc.config.stacks import MODEL_REPOSITORY, shown, stack_of
from aigc.plan.capacity import SIDECARS_CPU_MILLICORES, SIDECARS_MEMORY_MIB, cpu_millicores, memory_mib
from aigc.plan.checks import check
from aigc.plan.checks_cluster import stack_name_problems
from aigc.plan.fleet.answer import FleetPlan
from aigc.plan.fleet.stack_document import stack_documents
from aigc.plan.fleet.stack_parts import folder_of, region_problems, unservable
from aigc.plan.fleet.wanted import PodSize, WantedFleet, WantedModel
from aigc.plan.repository import Model, companions, model_names, read_model

_WIDTH = 120


@dataclass(frozen=True)
class StackTarget:
    """Where stack files are to go."""

    workload: FilePath
    """The file that states the models: faults name it, and so do stacks in a folder."""
    out: FilePath
    """A file called as stack files are, or a folder that is there: one file for each cloud."""
    overwrite: bool = False
    repository: FilePath = MODEL_REPOSITORY

    def path_of(self, cloud: Cloud) -> FilePath:
        """The file of a cloud's stack."""
        return self.out / f"Pulumi.{cloud}-{self.workload.stem}.yaml" if self.out.is_dir() else self.out


def refuse_early(target: StackTarget, wanted: WantedFleet) -> None:
    """Raise UserError for what can be seen before anything is solved."""
    if not target.out.is_dir():
        stack_of(target.out)
        if not target.out.parent.is_dir():
            raise fail(f"--stack-file {target.out}", "its folder is not there", "make it, or name another")
        _refuse_existing(target, [target.out])
    problems = list(unservable(wanted, _models(target.repository)))
    if problems:
        raise UserError(one.fault(f"{shown(target.workload)}: ", root="") for one in problems)


def with_pods(target: StackTarget, wanted: WantedFleet) -> WantedFleet:
    """The same with what pods request by the cards of the models, where the file does not say it."""
    known = _models(target.repository)
    sized = (_with_pod(target, model, known[folder_of(model) or ""]) for model in wanted.models)
    return wanted.model_copy(update={"models": tuple(sized)})


def _with_pod(target: StackTarget, model: WantedModel, found: Model) -> WantedModel:
    served, _ = companions(target.repository, found)
    spec = ModelSpec()
    size = PodSize(
        cpu_millicores=cpu_millicores(spec, served) + SIDECARS_CPU_MILLICORES,
        memory_mib=memory_mib(spec, served) + SIDECARS_MEMORY_MIB,
    )
    return model if model.pod else model.model_copy(update={"pod": size})


def stack_texts(target: StackTarget, wanted: WantedFleet, answer: FleetPlan) -> dict[FilePath, str]:
    """Text of each stack file by its path; nothing is written.

    Raises:
        UserError: the answer is no stack, or a stack of it would be refused; with every reason.
    """
    clouds = sorted({one.cloud for one in answer.machines})
    if len(clouds) > 1 and not target.out.is_dir():
        problem = f"the answer is in {' and '.join(clouds)}, and a stack is in one cloud"
        way_out = "name a folder that is there, and each gets a file; or name one cloud under clouds"
        raise fail(f"--stack-file {target.out}", problem, way_out)
    if problems := list(region_problems(answer)):
        raise UserError(one.fault(f"{shown(target.workload)}: ", root="") for one in problems)
    documents = stack_documents(answer, wanted, _models(target.repository))
    paths = {cloud: target.path_of(cloud) for cloud in documents}
    _refuse_existing(target, paths.values())
    if faults := [one for cloud, document in documents.items() for one in _faults(target, paths[cloud], document)]:
        raise UserError(faults)
    return {paths[cloud]: _text(target, answer, document) for cloud, document in documents.items()}


def _refuse_existing(target: StackTarget, paths: Any) -> None:
    there = [path for path in paths if path.exists()]
    if there and not target.overwrite:
        way_out = "add --overwrite, or name another place"
        raise UserError(Fault(f"--stack-file {shown(path)}", "is there already", way_out) for path in there)


def _models(repository: FilePath) -> Mapping[str, Model]:
    """The sound ones; of the others `validate` says what is wrong."""
    read = (read_model(repository, name)[0] for name in model_names(repository))
    return {model.name: model for model in read if model is not None}


def _faults(target: StackTarget, path: FilePath, document: dict[str, Any]) -> Iterator[Fault]:
    """What `validate` would say of the file, before it is one."""
    stack = stack_of(path)
    prefix = f"{shown(target.workload)}: stack {stack} (its own keys are in stacks.{document['cloud']}): "
    judged = judge(document)
    yield from (one.fault(prefix, root="") for one in judged.problems)
    if judged.spec is not None:
        findings = check(judged.spec, stack, target.repository)
        known = {one.path for one in judged.problems}
        found = [*findings.problems, *stack_name_problems(judged.spec, stack)]
        yield from (one.fault(prefix, root="") for one in found if one.path not in known)
        yield from findings.faults


def _text(target: StackTarget, answer: FleetPlan, document: dict[str, Any]) -> str:
    clouds = {one.cloud for one in answer.machines}
    part = "" if len(clouds) == 1 else f" of one over {one_of(sorted(clouds))}"
    head = (
        f"# The fleet{part} that `python -m scripts plan --workload {target.workload.name} --stack-file` found:\n"
        f"# ${answer.usd_per_hour:.4g} an hour for machines with accelerators. What is not said here is a default.\n"
    )
    # Through text, since what a document has twice would be an alias, which stack files have none of.
    plain = json.loads(json.dumps({"config": {ROOT: document}}))
    return head + yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=_WIDTH)
