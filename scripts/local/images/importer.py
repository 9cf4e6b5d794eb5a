"""Gives the node's containerd the images it lacks, all in one stream, so that a shared layer goes over once."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from aigc.catalog.faults import fail
from scripts.local.images.archive import INDEX_TYPE, NAME_ANNOTATION, ImageArchive
from scripts.local.supply.process import failed, run
from scripts.progress import Outcome, Progress

NAMESPACE = "k8s.io"
"""The namespace of containerd that the kubelet's side of it looks into."""

PINNED = "io.cri-containerd.pinned=pinned"
"""Keeps the kubelet from deleting an image when the disk fills: no registry could give it back."""

WAY_OUT = "see `python -m scripts logs containerd`; then run the same command again"


def import_images(archives: Sequence[ImageArchive], ctr: Path, socket: Path, progress: Progress) -> None:
    """Import every image that containerd does not have with this very digest."""
    with progress.step("images into containerd") as step:
        known = parse_images(run([*_ctr(ctr, socket), "images", "ls"], "containerd's images", WAY_OUT))
        absent = [archive for archive in archives if known.get(archive.reference) != archive.digest]
        step.outcome = Outcome.DONE if absent else Outcome.UNCHANGED
        step.detail = f"{len(absent)} of {len(archives)} imported"
        if absent:
            # --local: ctr writes the content itself, in half the time of sending it through the transfer service.
            _import(absent, [*_ctr(ctr, socket), "images", "import", "--local", "--label", PINNED, "-"])


def parse_images(listing: str) -> dict[str, str]:
    """Reference -> digest, from the output of `ctr images ls`."""
    rows = (line.split() for line in listing.splitlines()[1:])
    return {row[0]: row[2] for row in rows if len(row) > 2}


def write_stream(archives: Sequence[ImageArchive], out: IO[bytes]) -> None:
    """Write one OCI archive with every image; a blob that two of them have is written once."""
    manifests: list[dict[str, Any]] = []
    blobs: dict[str, Path] = {}
    for archive in archives:
        for manifest in json.loads((archive.archive / "index.json").read_text())["manifests"]:
            manifests.append(manifest | {"annotations": {NAME_ANNOTATION: archive.reference}})
        blobs |= {path.name: path for path in (archive.archive / "blobs" / "sha256").iterdir()}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}
    with tarfile.open(fileobj=out, mode="w|", bufsize=1 << 20) as stream:
        _add(stream, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        for name, path in sorted(blobs.items()):
            entry = tarfile.TarInfo(f"blobs/sha256/{name}")
            entry.size = path.stat().st_size
            with path.open("rb") as content:
                stream.addfile(entry, content)
        _add(stream, "index.json", json.dumps(index).encode())


def _add(stream: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    stream.addfile(entry, BytesIO(data))


def _import(archives: Sequence[ImageArchive], command: list[str]) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        if process.stdin is None or process.stderr is None:
            raise fail("image import", "no pipe to ctr", WAY_OUT)
        try:
            write_stream(archives, process.stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass  # ctr stopped reading: what it says is the reason, and it comes next
        said = process.stderr.read().decode(errors="replace")
    if process.returncode != 0:
        raise failed("image import", command, process.returncode, said.splitlines(), WAY_OUT)


def _ctr(ctr: Path, socket: Path) -> list[str]:
    return [str(ctr), "--address", str(socket), "--namespace", NAMESPACE]
