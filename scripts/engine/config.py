"""Configuration of a stack as Pulumi hands it to a program: `ns:key` to text, from Pulumi.yaml and the stack file.

Only the wire values are made here. What they mean, and whether they are right, is `aigc.config`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.faults import fail
from scripts.engine import go_text
from scripts.engine.wire import UNKNOWN
from scripts.engine.yaml_scalars import load

STACK_KEY = "aigc:stack"


@dataclass(frozen=True)
class Project:
    """What Pulumi.yaml says."""

    name: str
    root: Path
    main: Path
    """Folder of `__main__.py`."""
    stack_dir: Path
    defaults: Mapping[str, Any]

    def stack_file(self, stack: str) -> Path:
        """Where the configuration of a stack lies."""
        return self.stack_dir / f"Pulumi.{stack}.yaml"

    def stacks(self) -> list[str]:
        """Names of all stacks that have a file, sorted."""
        files = self.stack_dir.glob("Pulumi.*.yaml")
        return sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files)


@dataclass(frozen=True)
class WireConfig:
    """What the runtime gets: values as text, and which keys are secret (their values are unknown offline)."""

    values: dict[str, str]
    secret_keys: tuple[str, ...]


def load_project(root: Path) -> Project:
    """Read Pulumi.yaml of a repository."""
    path = root / "Pulumi.yaml"
    raw = _read(path, "run this from the repository's root")
    name = raw.get("name")
    if not isinstance(name, str) or not name:
        raise fail(f"{path}: name", "the project has no name", "write `name: aigc` at the top of the file")
    defaults = raw.get("config") or {}
    if not isinstance(defaults, dict):
        raise fail(f"{path}: config", "it is not a mapping of keys to values", "write one `key: value` a line")
    main = root / str(raw.get("main") or ".")
    return Project(name, root, main, root / str(raw.get("stackConfigDir") or "."), defaults)


def load_config(project: Project, stack: str, overrides: Mapping[str, str] | None = None) -> WireConfig:
    """Values of the stack file, with `overrides` in its `aigc:stack`, completed by the defaults of Pulumi.yaml."""
    path = project.stack_file(stack)
    known = ", ".join(project.stacks()) or "none yet"
    raw = _read(path, f"stacks with a file: {known}")
    if raw.get("environment"):
        raise fail(
            f"{path}: environment",
            "it imports Pulumi ESC environments, which only the Pulumi service can open",
            "move the values into the stack file, or use `pulumi preview` for this stack",
        )
    given = raw.get("config") or {}
    if not isinstance(given, dict):
        raise fail(
            f"{path}: config", "it is not a mapping of keys to values", "write one `namespace:key: value` a line"
        )
    if overrides and isinstance(given.get(STACK_KEY), dict):
        given = {**given, STACK_KEY: {**given[STACK_KEY], **overrides}}
    values: dict[str, str] = {}
    secret_keys: list[str] = []
    for key, value in given.items():
        full = full_key(str(key), project.name)
        values[full] = wire_value(value)
        if holds_secure(value):
            secret_keys.append(full)
    for key, declared in project.defaults.items():
        full = full_key(str(key), project.name)
        if full not in values:
            values.update(_default(full, declared, project, stack))
    return WireConfig(dict(sorted(values.items())), tuple(sorted(secret_keys)))


def full_key(key: str, project: str) -> str:
    """`key` and `ns:config:key` as the runtime spells them, `ns:key`."""
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    return f"{parts[0]}:{parts[-1]}" if len(parts) == 3 and parts[1] == "config" else key


def wire_value(value: Any) -> str:
    """One configuration value as the program receives it; what is encrypted is unknown."""
    opened = _without_ciphertext(value)
    return go_text.compact_json(opened) if isinstance(opened, dict | list) else go_text.scalar(opened)


def holds_secure(value: Any) -> bool:
    """Whether anything in it is encrypted; one secret part makes the whole key secret."""
    if _is_secure(value):
        return True
    if isinstance(value, dict):
        return any(holds_secure(item) for item in value.values())
    return isinstance(value, list) and any(holds_secure(item) for item in value)


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"} and isinstance(value["secure"], str)


def _without_ciphertext(value: Any) -> Any:
    if _is_secure(value):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _without_ciphertext(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_ciphertext(item) for item in value]
    return value


def _default(full: str, declared: Any, project: Project, stack: str) -> dict[str, str]:
    if not isinstance(declared, dict):
        return {full: wire_value(declared)}
    for source in ("value", "default"):
        if source in declared:
            return {full: wire_value(declared[source])}
    if declared.get("type"):
        raise fail(
            f"{project.stack_file(stack)}: config",
            f"Stack '{stack}' is missing configuration value '{full.removeprefix(project.name + ':')}'",
            f"add `{full}:` under `config:`; Pulumi.yaml declares it without a default",
        )
    return {}


def _read(path: Path, hint: str) -> dict[str, Any]:
    try:
        raw = load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(str(path), "there is no such file", hint) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise fail(str(path), f"it is not YAML: {problem}", "mend the line that is named") from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise fail(str(path), "it is not a mapping", "write one `key: value` a line")
    return raw
