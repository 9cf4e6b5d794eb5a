"""What a soak run leaves: what was done, by which commit, with what result, and of which sources it speaks.

A record is of the sources as they were: it holds a digest of the files that its part covers, and is worthless once one
of them has changed. Digests and not commits, so that a shallow clone, and a commit that touches something else, do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aigc.catalog.labels import GATEWAY_NAMESPACE, MODELS_NAMESPACE
from aigc.config.stacks import PROJECT_ROOT
from scripts.engine.api import preview_graph
from scripts.engine.graph import Graph
from scripts.engine.objects import key_of, manifest
from scripts.engine.render import text_of
from scripts.stacks import LOCAL_STACK
from tests.bench.result_file import made_by

RECORDS = Path(__file__).parent / "records"


@dataclass(frozen=True)
class Covered:
    """What a part of the soak speaks of."""

    paths: tuple[str, ...]
    objects: bool = False
    """Also what the program declares in `SERVED` for the local stack: the code that declares it serves every cloud, and
    a change of it that leaves these objects as they are leaves the record true."""

    def words(self) -> str:
        """For a person."""
        declared = (f"the objects of stack {LOCAL_STACK} in {' and '.join(SERVED)}",) if self.objects else ()
        return ", ".join((*self.paths, *declared))


SERVED = (MODELS_NAMESPACE, GATEWAY_NAMESPACE)
COVERS: Mapping[str, Covered] = {
    # What makes and removes the cluster.
    "cycles": Covered(
        ("scripts/local/cluster", "scripts/local/cluster_api.py", "tests/soak/cycles.py", "tests/soak/snapshot.py")
    ),
    # What every request passes, and what computes its answer.
    "volume": Covered(("model_repository", "k8s/local/gateway", "scripts/local/gateway"), objects=True),
    # What brings things back, and what breaks them.
    "faults": Covered(
        (
            "scripts/local/cluster",
            "scripts/local/gateway",
            "k8s/local/gateway",
            "infra/aigc/observability/restart_alerts.py",
            "tests/faults",
        ),
        objects=True,
    ),
}
WANTED: Mapping[str, Mapping[str, int]] = {
    "cycles": {"rounds": 10},
    "volume": {"requests": 100_000},
    "faults": {"rounds": 3},
}
"""How much of it a record must be of."""
TEXT_ONLY = (".md", ".pyc")
PLANNERS = "work.yaml"
"""What changes no behaviour; the latter is no part of what is served."""


def digest(part: str, root: Path = PROJECT_ROOT, objects: Callable[[Path], str] | None = None) -> str:
    """Of everything that a part covers: names and contents of files, and the declared objects."""
    covered = COVERS[part]
    total = hashlib.sha256()
    for path in sorted(found for place in covered.paths for found in files_of(root / place)):
        total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    if covered.objects:
        total.update((objects or served_objects)(root).encode())
    return total.hexdigest()


@cache
def served_objects(root: Path) -> str:
    """What the program declares for the local stack in the namespaces that requests pass, as text."""
    return served_text(preview_graph(LOCAL_STACK, root))


def served_text(graph: Graph) -> str:
    """The same of a graph."""
    texts = [
        text_of(resource)
        for resource in graph.resources
        if resource.is_kubernetes_object and key_of(manifest(resource)).namespace in SERVED
    ]
    if not texts:
        raise AssertionError(f"stack {graph.stack} declares nothing in {SERVED}")
    return "---\n".join(sorted(texts))


def files_of(place: Path) -> list[Path]:
    """The files at or under a path."""
    found = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return [path for path in found if path.suffix not in TEXT_ONLY and path.name != PLANNERS]


def write(part: str, command: str, amounts: Mapping[str, int], result: Mapping[str, Any]) -> Path:
    """Write the record of a run; one that was not sound is written, too, and refused by the check."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / f"{part}.json"
    document = {"part": part, **made_by(command), "digest": digest(part), **amounts, **result}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def objections(
    part: str, records: Path = RECORDS, root: Path = PROJECT_ROOT, objects: Callable[[Path], str] | None = None
) -> list[str]:
    """What is wrong with the record of a part, each with the way out; empty when it holds."""
    way_out = f"run `make soak PART={part}` and commit tests/soak/records/{part}.json"
    try:
        document = json.loads((records / f"{part}.json").read_text())
    except (OSError, ValueError) as missing:
        return [f"{part}: there is no record ({missing}); {way_out}"]
    found = []
    for name, least in WANTED[part].items():
        if int(document.get(name, 0)) < least:
            found.append(f"{part}: the record is of {document.get(name, 0)} {name}, {least} are asked for; {way_out}")
    if document.get("objections", ["none kept"]):
        found.append(f"{part}: the run was not sound: {document.get('objections')}; mend that, then {way_out}")
    if document.get("digest") != digest(part, root, objects):
        where = COVERS[part].words()
        found.append(f"{part}: the record is older than the last change of what it covers ({where}); {way_out}")
    return found
