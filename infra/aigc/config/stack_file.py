"""Reads a stack file without Pulumi: every fault with its file, line and path, never a traceback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc.catalog.faults import Fault, UserError
from aigc.config.problems import (
    ALERT_WEBHOOK,
    ROOT,
    SECRETS,
    SET_ALERT_WEBHOOK,
    Problem,
    did_you_mean,
    dotted,
    printable,
)
from aigc.config.problems import Path as SpecPath
from aigc.config.schema_problems import judge
from aigc.config.spec import StackSpec
from aigc.config.stacks import shown
from aigc.config.yaml_reader import Document, UnreadableError, decode, read

PULUMI_KEYS = ("config", "encryptedkey", "encryptionsalt", "environment", "secretsprovider")
"""Everything Pulumi itself knows at the top of a stack file."""
OUR_KEYS = (ROOT, SECRETS)


class StackFileError(UserError):
    """A stack file that cannot be used, with every fault that was found."""


@dataclass
class StackFile:
    """What could be read of a stack file, and what is wrong with it."""

    path: Path
    spec: StackSpec | None = None
    """None when too little of `aigc:stack` is sound."""
    config: dict[str, Any] = field(default_factory=dict)
    """Every value under `config`, with keys as they stand in the file."""
    faults: list[Fault] = field(default_factory=list)
    document: Document = field(default_factory=Document)

    def located(self, problems: Iterable[Problem]) -> list[Fault]:
        """Problems of `aigc:stack` as faults that name this file and the line."""
        return [problem.fault(self._prefix(("config", ROOT, *problem.path))) for problem in problems]

    def where(self, path: SpecPath) -> str:
        """A place in `aigc:stack` as faults name it: file, line and path."""
        return f"{self._prefix(('config', ROOT, *path))}{dotted(path)}"

    def _prefix(self, path: SpecPath) -> str:
        while path and path not in self.document.lines:
            path = path[:-1]
        return f"{shown(self.path)}:{self.document.lines.get(path, 1)}: "


def parse_stack_file(path: Path) -> StackSpec:
    """The spec in a stack file; raises StackFileError holding every fault."""
    file = examine(path)
    if file.faults or file.spec is None:
        raise StackFileError(file.faults)
    return file.spec


def examine(path: Path) -> StackFile:
    """Read a stack file and collect its faults instead of raising them."""
    file = StackFile(path)
    try:
        file.document = read(decode(_bytes(path)))
    except UnreadableError as error:
        place = f":{error.line}:{error.column}" if error.column else f":{error.line}" if error.line else ""
        file.faults.append(Fault(f"{shown(path)}{place}", error.problem, error.way_out))
        return file
    _judge_yaml(file)
    config = _config(file)
    if config is None:
        return file
    file.config = config
    judged = judge(config[ROOT])
    spoiled = {problem.path[2:] for problem in file.document.bad}
    file.faults += file.located(problem for problem in judged.problems if problem.path not in spoiled)
    file.spec = judged.spec
    file.faults += file.located(_missing_secrets(file))
    return file


def _missing_secrets(file: StackFile) -> Iterator[Problem]:
    secrets = file.config.get(SECRETS)
    # All of `aigc:secrets` as one secret cannot be looked into.
    opened = isinstance(secrets, dict) and set(secrets) != {"secure"}
    absent = secrets is None or (opened and ALERT_WEBHOOK not in secrets)
    if file.spec is not None and file.spec.monitoring.alert_webhook and absent:
        problem = f"is true, but {SECRETS} holds no {ALERT_WEBHOOK}"
        yield Problem(("monitoring", "alert_webhook"), problem, SET_ALERT_WEBHOOK)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableError(f"cannot be read: {reason}", "name a stack file that is there") from error


def _judge_yaml(file: StackFile) -> None:
    """Scalars without one meaning count inside `aigc:stack` only; other programs own the rest of the file."""
    ours = ("config", ROOT)
    file.document.bad = [one for one in file.document.bad if one.anywhere or one.path[:2] == ours]
    for one in file.document.bad:
        place = ".".join(printable(part) for part in one.path)
        file.faults.append(
            Fault(f"{shown(file.path)}:{one.line}: {place or 'the file'}", printable(one.problem, 160), one.way_out)
        )


def _config(file: StackFile) -> dict[str, Any] | None:
    """The values under `config`, or None when there is no `aigc:stack` to go on with."""
    root, name = file.document.value, shown(file.path)
    if not isinstance(root, dict):
        file.faults.append(Fault(name, "is not a mapping", f"start it with `config:` and, indented below, `{ROOT}:`"))
        return None
    for key in root:
        if key not in PULUMI_KEYS:
            line = file.document.lines.get((key,), 1)
            hint = did_you_mean(key, PULUMI_KEYS, "keys of a stack file")
            if key.startswith("aigc:"):
                hint = f"indent it below `config:`; {hint}"
            file.faults.append(Fault(f"{name}:{line}: {printable(key)}", "there is no such key", hint))
    config = root.get("config")
    line = file.document.lines.get(("config",), 1)
    if not isinstance(config, dict):
        problem = "is not a mapping" if "config" in root else "is missing"
        file.faults.append(Fault(f"{name}:{line}: config", problem, f"write `config:` and, indented below, `{ROOT}:`"))
        return None
    _judge_config_keys(file, config)
    if ROOT not in config:
        file.faults.append(Fault(f"{name}:{line}: config.{ROOT}", "is missing", "README.md of stacks/ shows one"))
        return None
    return config


def _judge_config_keys(file: StackFile, config: dict[str, Any]) -> None:
    for key in config:
        namespace, colon, _ = key.partition(":")
        where = f"{shown(file.path)}:{file.document.lines.get(('config', key), 1)}: config.{printable(key)}"
        if not colon or not namespace:
            hint = did_you_mean(f"aigc:{key.lstrip(':')}", OUR_KEYS, "keys of ours")
            file.faults.append(Fault(where, "has no namespace", f"write `<namespace>:<key>`; {hint}"))
        elif namespace == "aigc" and key not in OUR_KEYS:
            file.faults.append(Fault(where, "there is no such key", did_you_mean(key, OUR_KEYS, "keys of ours")))
