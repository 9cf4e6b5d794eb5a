"""The note of the last start: which boot of the host, which tools and configuration, and the mark of its data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.local.cluster import power_loss
from scripts.local.cluster.layout import Layout


@dataclass(frozen=True)
class Started:
    """What a cluster was started with; `down` needs the tools, `up` compares the rest."""

    boot_id: str
    bin_dir: Path
    digest: str
    """Of everything rendered; empty until the processes were started with it."""
    pods_boot_id: str = ""
    """Boot of the host in which the pods that there are were started; empty when not known."""
    mark: str = ""
    """What an `up` last wrote into the cluster: data without it, or with another, has lost writes."""
    rebuilt: str = ""
    """When and why etcd's data was thrown away last; empty when never."""


def read_started(layout: Layout) -> Started | None:
    """The note of the last start, or None."""
    try:
        document = json.loads(layout.started.read_text())
        return Started(**{**document, "bin_dir": Path(document["bin_dir"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_started(layout: Layout, started: Started) -> None:
    """Write the note, whole or not at all, and to the disk: it must not be older than the data it speaks of."""
    write_whole(layout.started, json.dumps({**asdict(started), "bin_dir": str(started.bin_dir)}), 0o644)
    power_loss.to_disk(layout.started)


def write_whole(path: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all; one that holds the text already is left as it is."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.touch(mode=mode)
    partial.chmod(mode)
    partial.write_text(text)
    partial.rename(path)
