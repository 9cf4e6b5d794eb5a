"""An image as an OCI layout: configuration, manifest and hard links to its layers, named by the manifest's digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc.catalog.cache import cache_dir
from scripts.local.images.layers import Layer
from scripts.local.supply.store import ensure_entry

USER = "65532:65532"
"""Numeric, because `runAsNonRoot` refuses a name; the number that distroless images made usual."""

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
NAME_ANNOTATION = "io.containerd.image.name"
"""On a manifest in an index: the name that containerd gives the image on import."""


@dataclass(frozen=True)
class ImageArchive:
    """A built image: `archive` is a folder in the OCI layout, `digest` that of its manifest.

    The folder does not hold the name: one content may be asked for under two.
    """

    reference: str
    archive: Path
    digest: str

    @property
    def config_digest(self) -> str:
        """Digest of its configuration: the id by which a container runtime tells what a container runs."""
        blob = self.archive / "blobs" / "sha256" / self.digest.partition(":")[2]
        return str(json.loads(blob.read_text())["config"]["digest"])


@dataclass(frozen=True)
class Runtime:
    """How a container of the image starts when its pod says nothing else."""

    entrypoint: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str = "/"


def assemble(reference: str, layers: Sequence[Layer], runtime: Runtime) -> ImageArchive:
    """Lay an image out beside its layers; the same layers and settings give the same digest."""
    config = _bytes(_config(layers, runtime))
    manifest = _bytes(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": descriptor(CONFIG_TYPE, config),
            "layers": [{"mediaType": LAYER_TYPE, "digest": one.digest, "size": one.size} for one in layers],
        }
    )
    digest = _digest(manifest)
    name = reference.rpartition("/")[2].partition(":")[0]
    folder = cache_dir() / "images" / f"{name}-{digest.partition(':')[2][:16]}"

    def fill(partial: Path) -> None:
        blobs = partial / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for blob in (config, manifest):
            (blobs / _digest(blob).partition(":")[2]).write_bytes(blob)
        for layer in {one.digest: one for one in layers}.values():
            os.link(layer.tar, blobs / layer.digest.partition(":")[2])
        write_index(partial, [descriptor(MANIFEST_TYPE, manifest)])

    ensure_entry(folder, fill)
    return ImageArchive(reference, folder, digest)


def descriptor(media_type: str, blob: bytes) -> dict[str, Any]:
    """How OCI points to a blob."""
    return {"mediaType": media_type, "digest": _digest(blob), "size": len(blob)}


def write_index(folder: Path, manifests: Sequence[Mapping[str, Any]]) -> None:
    """The two files that make a folder an OCI layout."""
    (folder / "oci-layout").write_bytes(_bytes({"imageLayoutVersion": "1.0.0"}))
    (folder / "index.json").write_bytes(
        _bytes({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(manifests)})
    )


def _config(layers: Sequence[Layer], runtime: Runtime) -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": USER,
            "Entrypoint": list(runtime.entrypoint),
            "Env": [f"{name}={value}" for name, value in sorted(runtime.environment.items())],
            "WorkingDir": runtime.folder,
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    }


def _bytes(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
