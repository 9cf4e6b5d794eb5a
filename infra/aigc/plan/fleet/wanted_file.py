"""Reads what a fleet is to serve from a YAML file, or a JSON one: every fault at once, with its line and path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aigc.catalog.accelerators import accelerators
from aigc.catalog.faults import Fault, UserError
from aigc.config.problems import Path, Problem, did_you_mean, printable
from aigc.config.schema_problems import type_at
from aigc.config.stacks import MODEL_REPOSITORY, shown
from aigc.config.yaml_reader import Document, UnreadableError, decode, read
from aigc.plan.cost_model.calibration import calibrated
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.served_work import ServedWork, exceeds_context, served_work
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.offers import counted_codes
from aigc.plan.fleet.wanted import WantedFleet, WantedModel, contradictions
from aigc.plan.repository import companions, model_names, read_model

MODELS = "models"
"""The key that tells this form from the plain problem."""
_EXPLAINED = "docs/examples/fleet.yaml is such a file"
_OF_YAML = re.compile(rf"^{MODELS}\s*:", re.MULTILINE)


@dataclass(frozen=True)
class FleetFile:
    """What a file states, and the times of its models."""

    wanted: WantedFleet
    models: tuple[ServedModel, ...]


def states_models(path: FilePath) -> bool:
    """Whether a file has this form; of one that cannot be read, the plain problem's reader says why."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError):
        return False
    if not text.lstrip().startswith(("{", "[")):
        return path.suffix in (".yaml", ".yml") or _OF_YAML.search(text) is not None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and MODELS in document


def read_fleet(path: FilePath, repository: FilePath = MODEL_REPOSITORY) -> FleetFile:
    """The problem in a file, with what `repository` says of the models that it names.

    Raises:
        UserError: the file cannot be read, is malformed, or contradicts itself.
    """
    document = _document(path)
    try:
        # Through text, since only in JSON does the strict validator take a list for a tuple.
        wanted = WantedFleet.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise UserError(_located(path, document, one) for one in problems) from error
    problems = [*contradictions(wanted), *_unknown_quotas(wanted)]
    works: dict[str, ServedWork] = {}
    for at, model in enumerate(wanted.models):
        problems += _add_work(model, ("models", at), repository, works)
    if problems:
        raise UserError(_located(path, document, one) for one in problems)
    return FleetFile(wanted, _served(wanted, works))


def _document(path: FilePath) -> Document:
    name = shown(path)
    try:
        document = read(decode(path.read_bytes()))
    except UnreadableError as error:
        place = f":{error.line}:{error.column}" if error.column else f":{error.line}" if error.line else ""
        raise UserError([Fault(f"{name}{place}", error.problem, f"mend this place; {_EXPLAINED}")]) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or printable(error)
        raise UserError([Fault(name, f"cannot be read: {reason}", "name a file that is there")]) from error
    if document.bad:
        raise UserError(
            _located(path, document, Problem(one.path, printable(one.problem, 160), one.way_out))
            for one in document.bad
        )
    return document


def _located(path: FilePath, document: Document, problem: Problem) -> Fault:
    known = problem.path
    while known and known not in document.lines:
        known = known[:-1]
    return problem.fault(f"{shown(path)}:{document.lines.get(known, 1)}: ", root="")


def _problem(error: ErrorDetails) -> Problem:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    parent = type_at(path[:-1], WantedFleet) if path else None
    keys = parent.model_fields if isinstance(parent, type) and issubclass(parent, BaseModel) else {}
    field = keys.get(str(path[-1])) if path else None
    meaning = " ".join((field.description or "").split()) if field else _EXPLAINED
    if error["type"] == "extra_forbidden":
        return Problem(path, "there is no such key", did_you_mean(str(path[-1]), keys, "keys here"))
    if error["type"] == "missing":
        return Problem(path, "is missing", f"add it. {meaning}")
    if error["type"] == "value_error" or isinstance(error["input"], dict | list):
        return Problem(path, f"is not as it must be: {error['msg'].removeprefix('Value error, ')}", meaning)
    wanted = error["msg"].removeprefix("Input should be ")
    return Problem(path, f"is {printable(json.dumps(error['input']))}", f"it must be {wanted}. {meaning}")


def _unknown_quotas(wanted: WantedFleet) -> Iterator[Problem]:
    known = counted_codes()
    for code in wanted.quotas:
        if code not in known:
            problem = "no machine of the catalog counts in a quota of this code"
            yield Problem(("quotas", code), problem, did_you_mean(code, known, "codes"))


def _add_work(model: WantedModel, path: Path, repository: FilePath, works: dict[str, ServedWork]) -> Iterator[Problem]:
    """What a model computes, and the requests that are beyond it."""
    if model.repository_model is None or model.work is not None:
        unknown = Rejection(f"the work of {model.name} is not known: the file gives profiles alone")
        works[model.name] = ServedWork(model.name, model.work or unknown)
        return
    known = model_names(repository)
    if model.repository_model not in known:
        problem = f"{printable(model.repository_model)} is not in the model repository"
        yield Problem((*path, "repository_model"), problem, did_you_mean(model.repository_model, known, "models"))
        return
    found, faults = read_model(repository, model.repository_model)
    required, more = companions(repository, found) if found else ((), [])
    for fault in (*faults, *more):
        yield Problem((*path, "repository_model"), f"{fault.where}: {fault.problem}", fault.way_out)
    if not required:
        return
    work = served_work(required)
    works[model.name] = ServedWork(model.name, work.work, work.context_tokens)
    if isinstance(work.work, Rejection):
        yield Problem((*path, "repository_model"), work.work.reason, "state its work, or measure profiles")
    for at, one in enumerate(model.classes):
        if beyond := exceeds_context(works[model.name], one.request):
            yield Problem((*path, "classes", at, "request"), beyond.reason, "ask for fewer tokens")


def _served(wanted: WantedFleet, works: dict[str, ServedWork]) -> tuple[ServedModel, ...]:
    """Models with their profiles, and what the profiles of all of them say of an accelerator."""
    profiles = {model.name: tuple(_profiles(model)) for model in wanted.models}
    every = [one for of_model in profiles.values() for one in of_model]
    measured = {one.accelerator_id for one in every}
    efficiencies = {name: calibrated(accelerators()[name], every, works.values()) for name in sorted(measured)}
    return tuple(ServedModel(model, works[model.name], profiles[model.name], efficiencies) for model in wanted.models)


def _profiles(model: WantedModel) -> Iterator[Profile]:
    requests = {one.name: one.request for one in model.classes}
    for one in model.profiles:
        yield Profile(
            model=model.name,
            accelerator_id=one.accelerator_id,
            request=requests[one.request_class],
            batch=one.batch,
            latency_ms=one.latency_ms,
            requests_per_second=one.requests_per_second,
        )
