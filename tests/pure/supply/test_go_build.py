"""Go groups: what is in the key, what an interrupted or failed build leaves, what a failure says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.local.supply import go_build, pins
from scripts.local.supply.go_build import build_flags, ensure_binary, ensure_group, group_key
from scripts.local.supply.pins import GoGroup, go_groups
from scripts.local.supply.toolchain import Go
from scripts.progress import Outcome, Progress


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GoGroup:
    folder = tmp_path / "local" / "tool"
    folder.mkdir(parents=True)
    (folder / "go.mod").write_text("module aigc.local/tool\n\nrequire example.org/tool v1.2.3\n")
    (folder / "go.sum").write_text("example.org/tool v1.2.3 h1:x=\n")
    (folder / "main.go").write_text("package main\n")
    monkeypatch.setattr(pins, "LOCAL", tmp_path / "local")
    group = GoGroup(
        "tool", "example.org/tool", ("example.org/tool/cmd/tool",), ("example.org/tool/cmd/late",), (), None
    )
    monkeypatch.setattr(go_build, "go_groups", lambda: {"tool": group})
    return group


def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    binary = tmp_path / "go"
    binary.write_text(f'#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\nout=$2\nprintenv > {tmp_path}/env\n{script}\n')
    binary.chmod(0o755)
    monkeypatch.setattr(go_build, "ensure_go", lambda _: Go(binary, "1.0"))


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go"])
def test_the_key_covers_every_file_of_the_group(group: GoGroup, name: str) -> None:
    before = group_key(group, group.packages, "1.0")
    path = group.directory / name
    path.write_text(path.read_text() + "\n// changed\n")
    assert group_key(group, group.packages, "1.0") != before


def test_the_key_covers_flags_packages_and_compiler(group: GoGroup) -> None:
    keys = {
        group_key(group, group.packages, "1.0"),
        group_key(group, group.packages, "1.1"),
        group_key(group, group.on_demand, "1.0"),
        group_key(replace(group, tags=("no_btrfs",)), group.packages, "1.0"),
        group_key(replace(group, version_symbol="a.b"), group.packages, "1.0"),
    }
    assert len(keys) == 5


def test_the_version_is_linked_in() -> None:
    assert "-X k8s.io/component-base/version.gitVersion=v1." in " ".join(build_flags(go_groups()["kubernetes"]))


def test_built_then_cached(
    group: GoGroup, progress: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    compiler(tmp_path, monkeypatch, "echo example.org/tool >&2; echo binary > $out/tool")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOPROXY", "direct")
    folder = ensure_group("tool", progress)
    environment = (tmp_path / "env").read_text()
    assert "GOFLAGS=-mod=readonly -modcacherw\n" in environment
    assert f"GOMODCACHE={cache}/go/mod\n" in environment
    assert "GOPROXY=direct\n" in environment
    assert (folder / "tool").read_text() == "binary\n"
    compiler(tmp_path, monkeypatch, "exit 1")
    assert ensure_group("tool", progress) == folder
    assert [step.outcome for step in progress.steps] == [Outcome.BUILT, Outcome.CACHED]


def test_a_failure_tells_group_output_and_way_out(
    group: GoGroup, progress: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    compiler(tmp_path, monkeypatch, "echo half > $out/tool; echo 'x.go:3:1: undefined: y' >&2; exit 1")
    with pytest.raises(UserError) as caught:
        ensure_group("tool", progress)
    (fault,) = caught.value.faults
    assert "Go group tool" in fault.where
    assert "x.go:3:1: undefined: y" in fault.problem
    assert "run the same command again" in fault.way_out
    assert list((cache / "bin").iterdir()) == []


def test_what_only_tests_need_is_built_by_itself(
    group: GoGroup, progress: Progress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(tmp_path, monkeypatch, 'shift 2; echo "$@" > $out/late')
    assert ensure_binary("tool", "example.org/tool/cmd/late", progress).read_text() == "example.org/tool/cmd/late\n"


def test_a_module_that_go_mod_lacks_is_named(group: GoGroup) -> None:
    with pytest.raises(UserError, match=r"does not require example\.org/other"):
        group.module_version("example.org/other")
