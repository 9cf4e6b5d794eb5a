"""KWOK: says of simulated nodes and their pods what a kubelet would, and decides nothing."""

from __future__ import annotations

from pathlib import Path

from scripts.local.supply.api import ensure_test_tool
from scripts.local.supply.modules import module_folders
from scripts.local.supply.pins import go_groups
from scripts.local.supply.toolchain import ensure_go
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane
from tests.fleets.nodes import KWOK_ANNOTATION

_STAGES = ("kustomize/stage/node/fast", "kustomize/stage/pod/fast")
"""What becomes of a node and of a pod, at once and always well. Without them it does nothing at all."""


def ensure_kwok() -> tuple[Path, list[Path]]:
    """The program, and the files of its stages; where networks cannot be had it must be in the cache."""
    progress = Progress(quiet=True)
    group = go_groups()["kwok"]
    folder = module_folders(group, [group.module], ensure_go(progress))[group.module]
    stages = sorted(
        path for stage in _STAGES for path in (folder / stage).glob("*.yaml") if path.stem != "kustomization"
    )
    return ensure_test_tool("kwok", progress), stages


def start_kwok(plane: ControlPlane, program: Path, stages: list[Path]) -> None:
    """Have it keep the nodes that carry our annotation, and the pods on them."""
    ((key, value),) = KWOK_ANNOTATION.items()
    plane.run(
        "kwok",
        [
            str(program),
            f"--kubeconfig={plane.layout.kubeconfig}",
            *(f"--config={path}" for path in stages),
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={key}={value}",
        ],
    )
