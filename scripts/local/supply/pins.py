"""The pins of the supply, read from the catalog and from `k8s/local`, so that no version stands in a program."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.faults import fail
from aigc.catalog.versions import versions
from scripts.local.supply.debian import Request
from scripts.local.supply.trim import Trim

REPOSITORY = Path(__file__).resolve().parents[3]
LOCAL = REPOSITORY / "k8s" / "local"
OTHER_WHEELS = LOCAL / "images" / "wheels.txt"


@dataclass(frozen=True)
class GoGroup:
    """Binaries that share one go.mod, because their Kubernetes client versions are the same."""

    name: str
    module: str
    packages: tuple[str, ...]
    on_demand: tuple[str, ...]
    tags: tuple[str, ...]
    version_symbol: str | None
    trim: Trim | None = None

    @property
    def directory(self) -> Path:
        """Where its go.mod lies."""
        return LOCAL / self.name

    def module_version(self, module: str | None = None) -> str:
        """The version that go.mod requires of a module; of the group's own when none is named."""
        wanted = module or self.module
        text = (self.directory / "go.mod").read_text()
        if re.search(rf"^module {re.escape(wanted)}$", text, re.MULTILINE):
            return "(source in this repository)"
        found = re.search(rf"^\s*(?:require\s+)?{re.escape(wanted)}\s+(v\S+)", text, re.MULTILINE)
        if not found:
            raise fail(str(self.directory / "go.mod"), f"it does not require {wanted}", f"run `go get {wanted}` there")
        return found.group(1)


def wheel_version(name: str) -> str:
    """The pin of a wheel: `k8s/local/images/wheels.txt` for what an image alone needs so, else the catalog's."""
    pinned = _other_wheels().get(name) or versions().wheels.get(name)
    if pinned is None:
        raise fail(f"wheel {name}", "it has no pin", f"add a line `{name}==VERSION` to {OTHER_WHEELS}")
    return pinned


@cache
def go_groups() -> dict[str, GoGroup]:
    """Every group of `k8s/local/groups.yaml`."""
    groups = yaml.safe_load((LOCAL / "groups.yaml").read_text())
    return {
        name: GoGroup(
            name,
            fields["module"],
            tuple(fields["packages"]),
            tuple(fields.get("on_demand", ())),
            tuple(fields.get("tags", ())),
            fields.get("version_symbol"),
            _trim(fields.get("trim")),
        )
        for name, fields in groups.items()
    }


def _trim(fields: dict[str, Any] | None) -> Trim | None:
    return Trim(fields["leave_out"], tuple(fields["keep"]), fields["called_in"]) if fields else None


def debian_request(name: str) -> Request:
    """A set of `k8s/local/debian.yaml`: packages that are downloaded and unpacked for one purpose."""
    fields = _debian_sets()[name]
    return Request(tuple(fields["packages"]), tuple(fields["never"]))


def debian_if_missing(name: str) -> dict[str, str]:
    """Program -> package: taken only where the host itself lacks the program."""
    return dict(_debian_sets()[name].get("if_missing", {}))


@cache
def _debian_sets() -> dict[str, Any]:
    sets: dict[str, Any] = yaml.safe_load((LOCAL / "debian.yaml").read_text())
    return sets


@cache
def _other_wheels() -> dict[str, str]:
    lines = (line.partition("#")[0].strip() for line in OTHER_WHEELS.read_text().splitlines())
    return dict(line.split("==", 1) for line in lines if line)
