"""Only images that containerd lacks are imported; a failure says what ctr said."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.local.images.archive import ImageArchive, Runtime, assemble
from scripts.local.images.importer import import_images, parse_images
from scripts.local.images.layers import Ingredient, ensure_layer
from scripts.progress import Outcome, Progress

LISTING = (
    "REF              TYPE                                       DIGEST      SIZE      PLATFORMS   LABELS\n"
    "dev.local/envoy:1.40.0 application/vnd.oci.image.manifest.v1+json sha256:42 108.9 MiB linux/amd64 a=b\n"
    "dev.local/pause:1 application/vnd.oci.image.manifest.v1+json sha256:cc 1.3 MiB linux/amd64 -\n"
)


def fake_ctr(tmp_path: Path, script: str) -> Path:
    ctr = tmp_path / "ctr"
    ctr.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n{script}\n')
    ctr.chmod(0o755)
    return ctr


def image(name: str) -> ImageArchive:
    def stage(folder: Path) -> None:
        (folder / "file").write_text(name)

    return assemble(f"dev.local/{name}:1", [ensure_layer(Ingredient(name, (name,), stage))], Runtime(("/x",), {}))


def test_the_listing_is_read() -> None:
    assert parse_images(LISTING) == {"dev.local/envoy:1.40.0": "sha256:42", "dev.local/pause:1": "sha256:cc"}


def test_only_what_is_absent_or_other_is_imported(tmp_path: Path, progress: Progress) -> None:
    known, changed, new = image("known"), image("changed"), image("new")
    listing = f"REF TYPE DIGEST\n{known.reference} t {known.digest}\n{changed.reference} t sha256:old\n"
    (tmp_path / "listing").write_text(listing)
    ctr = fake_ctr(tmp_path, f'case "$*" in *ls) cat {tmp_path}/listing;; *) cat > {tmp_path}/stream;; esac')
    import_images([known, changed, new], ctr, tmp_path / "socket", progress)
    stream = (tmp_path / "stream").read_bytes()
    assert changed.reference.encode() in stream
    assert new.reference.encode() in stream
    assert known.reference.encode() not in stream
    assert f"--address {tmp_path}/socket --namespace k8s.io" in (tmp_path / "calls").read_text()


def test_nothing_is_sent_when_all_is_there(tmp_path: Path, progress: Progress) -> None:
    known = image("known")
    ctr = fake_ctr(tmp_path, f'case "$*" in *ls) echo; echo "{known.reference} t {known.digest}";; *) exit 1;; esac')
    import_images([known], ctr, tmp_path / "socket", progress)
    assert progress.steps[-1].outcome is Outcome.UNCHANGED


def test_a_failure_tells_what_ctr_said(tmp_path: Path, progress: Progress) -> None:
    ctr = fake_ctr(tmp_path, 'case "$*" in *ls) echo;; *) echo "ctr: no space left on device" >&2; exit 1;; esac')
    with pytest.raises(UserError, match="no space left on device"):
        import_images([image("new")], ctr, tmp_path / "socket", progress)
