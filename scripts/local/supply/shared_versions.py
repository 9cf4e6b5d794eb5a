"""One version of a library in every Go group that uses it, so that a first `up` compiles it once and not six times.

Go keeps what it compiled by its content and by that of everything under it: of six groups each with its own newest
patches of gRPC and x/net, nothing above these was shared, client-go of one and the same version neither. With one
version each, 29 % less is compiled (sources of packages: 220 MB in place of 308).

    python -m scripts.local.supply.shared_versions      brings the go.mod files of k8s/local together, after a change
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from itertools import groupby

from aigc.catalog.faults import UserError, fail
from scripts.local.supply.pins import GoGroup, go_groups
from scripts.local.supply.process import run
from scripts.local.supply.toolchain import Go, ensure_go
from scripts.progress import Progress

KUBERNETES = ("k8s.io/", "sigs.k8s.io/")
"""Modules that follow Kubernetes: a group of another minor of it has other versions of them. All have the same one now;
with Knative's and KEDA's own minor of client-go these, the Prometheus operator and KWOK took 470 s, not 144."""
MINOR_OF = "k8s.io/apimachinery"
OF_ITS_OWN = {"containerd": ("go.opentelemetry.io/", "github.com/grpc-ecosystem/grpc-gateway/")}
"""Group -> modules that it alone has newer. containerd asks for OpenTelemetry 1.46, whose SDK describes a process by
another schema than Knative does, whose programs then end with `conflicting Schema URL`; the other one asks for it."""
MOST_ROUNDS = 8
"""A newer library may ask for a newer one of another; three rounds were enough for all six groups."""

MOST_TRIES = 40
"""`go get` names one or two libraries at a time that must be newer, too."""

_REQUIRED = re.compile(r"^\s+(\S+) (v\S+)", re.MULTILINE)
_REPLACED = re.compile(r"^\s+(\S+) => \S+ (v\S+)", re.MULTILINE)
_OTHER_WANTED = re.compile(r"requires (\S+)@(v\S+), not ")


def shared(group: GoGroup) -> dict[str, str]:
    """Module -> version of the libraries in a group's go.mod that other groups may share.

    What a `replace` sets counts for Kubernetes' own libraries; another one is held back there for a reason.
    """
    required, replaced = _listed(group)
    held = {module for module in replaced if not module.startswith(KUBERNETES)}
    own = OF_ITS_OWN.get(group.name, ())
    return {
        module: replaced.get(module, version)
        for module, version in required.items()
        if module not in {group.module, *held} and not module.startswith(own)
    }


def apart(groups: Iterable[GoGroup]) -> dict[str, dict[str, str]]:
    """Library -> version by group, of those that are not the same in all groups that may share them."""
    lists = {group.name: shared(group) for group in groups if group.packages}
    minors = {group.name: _minor(group) for group in groups if group.packages}
    uses: dict[tuple[str, str], dict[str, str]] = {}
    for name, versions in lists.items():
        for module, version in versions.items():
            family = minors[name] if module.startswith(KUBERNETES) else ""
            uses.setdefault((module, family), {})[name] = version
    return {module: found for (module, _), found in sorted(uses.items()) if len(set(found.values())) > 1}


def newest(versions: Iterable[str]) -> str:
    """The newest of some versions as Go orders them: a release after the commits that led to it."""
    return max(versions, key=_order)


def bring_together(groups: Mapping[str, GoGroup], go: Go, progress: Progress) -> None:
    """Raise every library to the newest version that one of the groups asks for.

    Raises:
        UserError: Go refuses a version, or the groups never agree.
    """
    for _ in range(MOST_ROUNDS):
        found = apart(groups.values())
        if not found:
            return
        wanted = [
            (name, f"{module}@{newest(versions.values())}")
            for module, versions in found.items()
            for name, version in versions.items()
            if version != newest(versions.values()) and module not in _listed(groups[name])[1]
        ]
        for name, pairs in groupby(sorted(wanted), key=lambda pair: pair[0]):
            modules = [module for _, module in pairs]
            progress.note(f"{name}: {len(modules)} libraries")
            _get(groups[name], modules, go)
    raise fail("k8s/local", f"the groups do not agree after {MOST_ROUNDS} rounds: {', '.join(found)}", "do it by hand")


def _get(group: GoGroup, modules: list[str], go: Go) -> None:
    """`go get` them; where one asks for a newer other one than we do, with that."""
    environment = go.environment() | {"GOFLAGS": "-modcacherw"}
    wanted = {module.partition("@")[0]: module for module in modules}
    for attempt in range(1, MOST_TRIES + 1):
        try:
            for command in (["get", *wanted.values()], ["mod", "tidy"]):
                where = f"go {command[0]} in {group.directory}"
                run([go.binary, *command], where, "see what it says", env=environment, cwd=group.directory)
            return
        except UserError as refused:
            raised = {module: f"{module}@{version}" for module, version in _OTHER_WANTED.findall(str(refused))}
            if not raised or attempt == MOST_TRIES:
                raise
            wanted |= raised


def _minor(group: GoGroup) -> str:
    return ".".join(shared(group).get(MINOR_OF, group.name).split(".")[:2])


def _listed(group: GoGroup) -> tuple[dict[str, str], dict[str, str]]:
    """What its go.mod requires, and what it replaces."""
    text = (group.directory / "go.mod").read_text()
    return dict(_REQUIRED.findall(text.partition("\nreplace ")[0])), dict(_REPLACED.findall(text))


def _order(version: str) -> tuple[int, int, int, bool, str]:
    numbers, _, before = version.removeprefix("v").partition("+")[0].partition("-")
    major, minor, patch = (int(number) for number in numbers.split("."))
    return major, minor, patch, not before, before


if __name__ == "__main__":
    work = Progress()
    try:
        bring_together(go_groups(), ensure_go(work), work)
    except UserError as error:
        sys.exit(str(error))
