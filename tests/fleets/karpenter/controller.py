"""Karpenter's own controller beside a fleet's control plane, with the cloud provider that makes nodes for KWOK."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.labels import KARPENTER
from aigc.plan.stack_plan import StackPlan
from scripts.local.supply.go_build import ensure_binary
from scripts.local.supply.modules import module_folders
from scripts.local.supply.pins import go_groups
from scripts.local.supply.toolchain import ensure_go
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane
from tests.fleets.controllers import not_established
from tests.fleets.karpenter.offers import offers

_DEFINITIONS = ("pkg/apis/crds", "kwok/apis/crds")
_METRICS_PORT, _HEALTH_PORT = 8000, 8081
"""In the fleet's own network, where of its control plane nothing listens on them."""
_READY_SECONDS = 60.0


@dataclass(frozen=True)
class Karpenter:
    """The program, and the definitions of its kinds as its module brings them."""

    binary: Path
    definitions: tuple[dict[str, Any], ...]


def ensure_karpenter() -> Karpenter:
    """Both; where networks cannot be had they must be in the cache."""
    progress = Progress(quiet=True)
    group = go_groups()[KARPENTER]
    (package,) = group.on_demand
    folder = module_folders(group, [group.module], ensure_go(progress))[group.module]
    files = [path for place in _DEFINITIONS for path in sorted((folder / place).glob("*.yaml"))]
    bodies = [body for path in files for body in yaml.safe_load_all(path.read_text()) if body]
    return Karpenter(ensure_binary(group.name, package, progress), tuple(bodies))


def start_karpenter(
    plane: ControlPlane, plan: StackPlan, program: Karpenter, objects: Sequence[dict[str, Any]]
) -> None:
    """Define its kinds, run it, and apply node classes and NodePools."""
    for body in program.definitions:
        plane.client.apply(body, force=True)
    for body in program.definitions:
        plane.wait("kube-apiserver", partial(not_established, plane.client, body))
    machines = plane.layout.root / "machines.json"
    machines.write_text(json.dumps(offers(plan)))
    environment = {
        "KUBECONFIG": str(plane.layout.kubeconfig),
        "INSTANCE_TYPES_FILE_PATH": str(machines),
        "DISABLE_LEADER_ELECTION": "true",
        "METRICS_PORT": str(_METRICS_PORT),
        "HEALTH_PROBE_PORT": str(_HEALTH_PORT),
    }
    plane.run(KARPENTER, [str(program.binary)], environment=environment)
    plane.wait(KARPENTER, _not_ready, _READY_SECONDS)
    for body in objects:
        plane.client.apply(body, force=True)


def _not_ready() -> str:
    """Whether its caches are filled and it knows its kinds, by its own word."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{_HEALTH_PORT}/readyz", timeout=2):
            return ""
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        return f"it is not ready: {error}"
