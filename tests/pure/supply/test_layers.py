"""Layers and images: the same content gives the same bytes, whoever builds it and when."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from scripts.local.images.archive import Runtime, assemble
from scripts.local.images.files import copy_tree, merge_usr, move, omitter, unzip
from scripts.local.images.importer import write_stream
from scripts.local.images.layers import Ingredient, Layer, ensure_layer, write_tar


def stage(folder: Path) -> None:
    (folder / "usr" / "bin").mkdir(parents=True)
    (folder / "usr" / "bin" / "tool").write_text("tool")
    (folder / "usr" / "bin" / "tool").chmod(0o4755)
    (folder / "usr" / "bin" / "alias").symlink_to("tool")
    (folder / "tmp").mkdir()
    (folder / "readme").write_text("text")
    (folder / "readme").chmod(0o640)


def stage_otherwise(folder: Path) -> None:
    """The same files made in another order, at another time, under another umask."""
    old = os.umask(0o077)
    (folder / "readme").write_text("text")
    (folder / "tmp").mkdir(mode=0o700)
    (folder / "usr" / "bin").mkdir(parents=True)
    (folder / "usr" / "bin" / "alias").symlink_to("tool")
    (folder / "usr" / "bin" / "tool").write_text("tool")
    (folder / "usr" / "bin" / "tool").chmod(0o700)
    os.umask(old)
    for path in folder.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)


def test_bytes_depend_on_content_alone(tmp_path: Path) -> None:
    tars = []
    for number, fill in enumerate([stage, stage_otherwise]):
        folder = tmp_path / str(number)
        folder.mkdir()
        fill(folder)
        write_tar(folder, tmp_path / f"{number}.tar")
        tars.append((tmp_path / f"{number}.tar").read_bytes())
    assert tars[0] == tars[1]


def test_what_a_layer_holds(tmp_path: Path) -> None:
    layer = ensure_layer(Ingredient("test", ("x",), stage))
    with tarfile.open(layer.tar) as archive:
        entries = {entry.name: entry for entry in archive.getmembers()}
    assert list(entries) == ["readme", "tmp", "usr", "usr/bin", "usr/bin/alias", "usr/bin/tool"]
    assert {(entry.uid, entry.gid, entry.mtime, entry.uname) for entry in entries.values()} == {(0, 0, 0, "")}
    assert entries["usr/bin/tool"].mode == 0o755, "no set-user-ID bit may survive"
    assert entries["readme"].mode == 0o644
    assert entries["tmp"].mode == 0o1777
    assert entries["usr/bin/alias"].linkname == "tool"


def test_a_layer_is_built_once_per_key() -> None:
    first = ensure_layer(Ingredient("test", ("x",), stage))
    second = ensure_layer(Ingredient("test", ("x",), lambda _: pytest.fail("built twice")))
    other = ensure_layer(Ingredient("test", ("y",), stage))
    assert (first.made, second.made, other.made) == (True, False, True)
    assert first.digest == second.digest == other.digest


def test_an_interrupted_layer_is_built_again() -> None:
    def interrupted(folder: Path) -> None:
        (folder / "readme").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_layer(Ingredient("test", ("x",), interrupted))
    assert ensure_layer(Ingredient("test", ("x",), stage)).made is True


def test_libraries_move_under_usr(tmp_path: Path) -> None:
    (tmp_path / "lib" / "x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "lib" / "x86_64-linux-gnu" / "libz.so.1.2").write_text("z")
    (tmp_path / "lib" / "x86_64-linux-gnu" / "libz.so.1").symlink_to("libz.so.1.2")
    (tmp_path / "usr" / "lib" / "x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "usr" / "lib" / "x86_64-linux-gnu" / "libother.so").write_text("o")
    merge_usr(tmp_path)
    assert not (tmp_path / "lib").exists()
    folder = tmp_path / "usr" / "lib" / "x86_64-linux-gnu"
    assert (folder / "libz.so.1").read_text() == "z"
    assert (folder / "libother.so").read_text() == "o"
    (tmp_path / "lib").symlink_to("usr/lib")
    merge_usr(tmp_path)
    assert (tmp_path / "lib").is_symlink()


def test_copying_omits_by_pattern(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "usr" / "share" / "doc").mkdir(parents=True)
    (source / "usr" / "share" / "doc" / "changelog").write_text("x")
    (source / "usr" / "keep").write_text("x")
    copy_tree(source, tmp_path / "target", omitter(["usr/share/*"]))
    assert [path.name for path in sorted((tmp_path / "target" / "usr").rglob("*"))] == ["keep", "share"]


def test_a_wheel_is_unpacked_where_it_is_wanted(tmp_path: Path) -> None:
    import zipfile

    wheel = tmp_path / "tool-1.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("server/bin/tool", "binary")
        archive.writestr("server/readme", "text")
        archive.writestr("tool-1.data/purelib/module.py", "code")
        archive.writestr("tool-1.data/scripts/tool", "script")
        program = zipfile.ZipInfo("server/bin/run")
        program.external_attr = 0o755 << 16
        archive.writestr(program, "binary")
    unzip(wheel, tmp_path / "out", lambda path: move(path, {"server/bin": "opt/bin", "module.py": "lib/module.py"}))
    found = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"opt/bin/tool", "opt/bin/run", "lib/module.py"}
    assert (tmp_path / "out" / "opt" / "bin" / "run").stat().st_mode & 0o111


def layers() -> list[Layer]:
    def other(folder: Path) -> None:
        (folder / "other").write_text("other")

    return [ensure_layer(Ingredient("a", ("a",), stage)), ensure_layer(Ingredient("b", ("b",), other))]


RUNTIME = Runtime(("/usr/bin/tool",), {"B": "2", "A": "1"})


def test_an_image_says_who_it_runs_as_and_what_it_holds() -> None:
    image = assemble("dev.local/tool:1", layers(), RUNTIME)
    index = json.loads((image.archive / "index.json").read_text())
    assert [entry["digest"] for entry in index["manifests"]] == [image.digest]
    blobs = image.archive / "blobs" / "sha256"
    manifest = json.loads((blobs / image.digest.partition(":")[2]).read_text())
    config = json.loads((blobs / manifest["config"]["digest"].partition(":")[2]).read_text())
    assert config["config"]["User"] == "65532:65532"
    assert config["config"]["Env"] == ["A=1", "B=2"]
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    for layer in manifest["layers"]:
        assert (blobs / layer["digest"].partition(":")[2]).stat().st_size == layer["size"]


def test_the_same_image_has_the_same_digest_under_any_name() -> None:
    assert assemble("dev.local/a:1", layers(), RUNTIME).digest == assemble("dev.local/b:2", layers(), RUNTIME).digest
    other = Runtime(("/usr/bin/other",), {})
    assert assemble("dev.local/a:1", layers(), other).digest != assemble("dev.local/a:1", layers(), RUNTIME).digest


def test_a_shared_layer_is_streamed_once() -> None:
    both = [assemble("dev.local/a:1", layers(), RUNTIME), assemble("dev.local/b:1", layers()[:1], RUNTIME)]
    out = io.BytesIO()
    write_stream(both, out)
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        names = archive.getnames()
        index = archive.extractfile("index.json")
        assert index is not None
        manifests = json.loads(index.read())["manifests"]
    assert len(names) == len(set(names))
    assert sum(name.endswith(layers()[0].digest.partition(":")[2]) for name in names) == 1
    named = {entry["annotations"]["io.containerd.image.name"]: entry["digest"] for entry in manifests}
    assert named == {"dev.local/a:1": both[0].digest, "dev.local/b:1": both[1].digest}
