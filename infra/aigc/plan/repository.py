"""Reads one model of the repository: config.pbtxt (Triton's truth), model.yaml (its card), work.yaml and its versions.

Every fault is found before anything is built: Triton would find the same ones minutes later, inside a pod.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from google.protobuf import text_format
from pydantic import BaseModel, ValidationError
from tritonclient.grpc import model_config_pb2  # type: ignore[import-untyped]

from aigc.catalog.data import plain_yaml
from aigc.catalog.faults import Fault
from aigc.catalog.model_card import ModelCard
from aigc.catalog.model_work import ModelWork
from aigc.config.problems import did_you_mean, printable
from aigc.config.stacks import shown

CONFIG = "config.pbtxt"
CARD = "model.yaml"
WORK = "work.yaml"
"""What a model computes and moves: read by the planner alone, and no part of what is served."""
Read = TypeVar("Read", bound=BaseModel)
_VERSION = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True)
class TritonConfig:
    """What of config.pbtxt a plan needs."""

    max_batch_size: int
    dynamic: bool
    max_queue_delay_us: int
    instances: int
    backend: str = ""
    """Empty where Triton finds it by the model's files."""


@dataclass(frozen=True)
class Model:
    """One sound model of the repository."""

    name: str
    config: TritonConfig
    card: ModelCard


def model_names(repository: Path) -> tuple[str, ...]:
    """Every folder that could be a model, sorted."""
    if not repository.is_dir():
        return ()
    return tuple(sorted(path.name for path in repository.iterdir() if path.is_dir() and path.name[0] not in "._"))


def read_model(repository: Path, name: str) -> tuple[Model | None, list[Fault]]:
    """The model, or everything that is wrong with its folder."""
    folder = repository / name
    faults = list(_folder_faults(folder))
    config = _read_config(folder / CONFIG, name, faults)
    card = _read_card(folder / CARD, faults)
    if faults or config is None or card is None:
        return None, faults
    return Model(name, config, card), []


def companions(repository: Path, model: Model) -> tuple[tuple[Model, ...], list[Fault]]:
    """The model and, transitively, every model it requires, itself first; with the faults of all of them."""
    found, faults, waiting, asked = [model], list[Fault](), list(model.card.requires), {model.name}
    known = model_names(repository)
    while waiting:
        name = waiting.pop(0)
        if name in asked:
            continue
        asked.add(name)
        if name not in known:
            where = f"{shown(repository / model.name / CARD)}: requires"
            faults.append(Fault(where, f"there is no model {printable(name)}", did_you_mean(name, known, "models")))
            continue
        other, wrong = read_model(repository, name)
        faults += wrong
        if other is not None:
            found.append(other)
            waiting += other.card.requires
    return tuple(found), faults


def _folder_faults(folder: Path) -> Iterator[Fault]:
    versions = [path for path in folder.iterdir() if path.is_dir() and _VERSION.fullmatch(path.name)]
    if not versions:
        yield Fault(shown(folder), "has no version folder", f"put the model's files into {shown(folder / '1')}/")
    for version in versions:
        if not any(version.iterdir()):
            yield Fault(shown(version), "is an empty version folder", "put the model's files into it or delete it")
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not path.exists():
            yield Fault(shown(path), "is a link to nothing", "mend or delete the link")


def _read_config(path: Path, name: str, faults: list[Fault]) -> TritonConfig | None:
    if not path.is_file():
        faults.append(Fault(shown(path), "is missing", "every model needs one; copy that of another model"))
        return None
    config = model_config_pb2.ModelConfig()
    try:
        text_format.Parse(path.read_text(encoding="utf-8"), config)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        faults.append(Fault(shown(path), f"Triton could not read it: {error}", "mend the text at this place"))
        return None
    if config.name and config.name != name:
        way_out = f'write name: "{name}", or leave the line out'
        faults.append(Fault(f"{shown(path)}: name", f"is {config.name}, the folder is {name}", way_out))
    return TritonConfig(
        max_batch_size=config.max_batch_size,
        dynamic=config.HasField("dynamic_batching"),
        max_queue_delay_us=config.dynamic_batching.max_queue_delay_microseconds,
        # A group without a count is one instance, as is a model without a group (on CPU).
        instances=sum(group.count or 1 for group in config.instance_group) or 1,
        backend=config.backend,
    )


def _read_card(path: Path, faults: list[Fault]) -> ModelCard | None:
    if not path.is_file():
        faults.append(
            Fault(shown(path), "is missing", "copy that of another model; aigc.catalog.model_card lists its keys")
        )
        return None
    card = _read_yaml(path, ModelCard, faults)
    work_path = path.with_name(WORK)
    if card is None or not work_path.is_file():
        return card
    if card.work is not None:
        faults.append(Fault(f"{shown(path)}: work", f"is in {WORK} too", f"leave it in {WORK} alone"))
    work = _read_yaml(work_path, ModelWork, faults)
    return card if work is None else card.model_copy(update={"work": work})


def _read_yaml(path: Path, form: type[Read], faults: list[Fault]) -> Read | None:
    try:
        content = plain_yaml(path.read_text(encoding="utf-8"))
        # Strict types take a list for a tuple and text for an enumeration only in JSON mode.
        return form.model_validate_json(json.dumps(content))
    except ValidationError as error:
        for one in error.errors(include_url=False):
            key = ".".join(str(part) for part in one["loc"]) or "the file"
            way_out = did_you_mean(key, form.model_fields, "keys")
            faults.append(Fault(f"{shown(path)}: {key}", one["msg"], way_out))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, ValueError, RecursionError) as error:
        faults.append(Fault(shown(path), f"is not YAML of plain values: {error}", "mend the text at this place"))
    return None
