"""What a soak run leaves: what was done, by which commit, with what result, and of which sources it speaks.

A record is of the sources as they were: it holds a digest of the files that its part covers, and is worthless once one
of them has changed. Digests and not commits, so that a shallow clone, and a commit that touches something else, do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from tests.bench.result_file import made_by

RECORDS = Path(__file__).parent / "records"
COVERS: Mapping[str, tuple[str, ...]] = {
    # What makes and removes the cluster.
    "cycles": (
        "scripts/local/cluster",
        "scripts/local/cluster_api.py",
        "tests/soak/cycles.py",
        "tests/soak/snapshot.py",
    ),
    # What every request passes, and what computes its answer.
    "volume": ("model_repository", "k8s/local/gateway", "scripts/local/gateway", "infra/aigc/serving"),
    # What brings things back, and what breaks them.
    "faults": (
        "scripts/local/cluster",
        "scripts/local/gateway",
        "k8s/local/gateway",
        "infra/aigc/serving",
        "tests/faults",
    ),
}
WANTED: Mapping[str, Mapping[str, int]] = {
    "cycles": {"rounds": 10},
    "volume": {"requests": 100_000},
    "faults": {"rounds": 3},
}
"""How much of it a record must be of."""
TEXT_ONLY = (".md", ".pyc")
"""What changes no behaviour."""


def digest(part: str, root: Path = PROJECT_ROOT) -> str:
    """Of every file that a part covers: names and contents."""
    total = hashlib.sha256()
    for path in sorted(found for covered in COVERS[part] for found in files_of(root / covered)):
        total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files_of(place: Path) -> list[Path]:
    """The files at or under a path."""
    found = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return [path for path in found if path.suffix not in TEXT_ONLY]


def write(part: str, command: str, amounts: Mapping[str, int], result: Mapping[str, Any]) -> Path:
    """Write the record of a run; one that was not sound is written, too, and refused by the check."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    path = RECORDS / f"{part}.json"
    document = {"part": part, **made_by(command), "digest": digest(part), **amounts, **result}
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def objections(part: str, records: Path = RECORDS, root: Path = PROJECT_ROOT) -> list[str]:
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
    if document.get("digest") != digest(part, root):
        where = ", ".join(COVERS[part])
        found.append(f"{part}: the record is older than the last change of what it covers ({where}); {way_out}")
    return found
