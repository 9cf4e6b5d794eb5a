"""Reading apt's answers, recorded on Debian 12, and resolving only once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError, fail
from scripts.local.supply import debian
from scripts.local.supply.debian import Request, candidates, closure, ensure_debian
from scripts.progress import Outcome, Progress

DATA = Path(__file__).parent / "data"
DEPENDS = (DATA / "apt-cache-depends.txt").read_text()


def test_closure_follows_dependencies_and_stops_at_never() -> None:
    assert closure(DEPENDS, ["iptables"], ["libc6", "netbase"]) == [
        *("iptables", "libip4tc2", "libip6tc2", "libmnl0", "libnetfilter-conntrack3", "libnfnetlink0"),
        *("libnftnl11", "libxtables12"),
    ]


def test_never_takes_patterns() -> None:
    assert closure(DEPENDS, ["iptables"], ["lib*", "netbase"]) == ["iptables"]


def test_of_alternatives_the_first_is_taken_unless_another_is_excluded() -> None:
    alone = closure(DEPENDS, ["ca-certificates"], ["openssl"])
    assert alone == ["ca-certificates", "debconf"]
    excluded = closure(DEPENDS, ["ca-certificates"], ["openssl", "debconf"])
    assert excluded == ["ca-certificates"]


def test_a_virtual_package_is_its_first_provider() -> None:
    text = "tool\n  Depends: <editor>\n    nano\n    vim\nnano\nvim\n<editor>\n"
    assert closure(text, ["tool"], []) == ["nano", "tool"]


def test_pre_dependencies_count() -> None:
    assert closure("tool\n  PreDepends: lib\nlib\n", ["tool"], []) == ["lib", "tool"]


def test_an_unknown_package_is_named() -> None:
    with pytest.raises(UserError, match="no-such-package: apt knows no such package"):
        closure(DEPENDS, ["no-such-package"], [])


def test_candidates_not_installed_versions() -> None:
    assert candidates((DATA / "apt-cache-policy.txt").read_text()) == {
        "iptables": "1.8.9-2",
        "libmnl0": "1.0.4-3",
        "conntrack": "1:1.4.7-1+b2",
    }


class Apt:
    """Answers like apt and dpkg-deb, and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.version = "1.0"
        self.gone: set[str] = set()

    def run(self, command: Sequence[str | Path], where: str, way_out: str, cwd: Path | None = None) -> str:
        self.calls.append(f"{Path(command[0]).name} {command[1]}")
        if command[1] == "depends":
            return "tool\n  Depends: lib\nlib\n"
        if command[1] == "policy":
            return "".join(f"{name}:\n  Candidate: {self.version}\n" for name in command[2:])
        if command[1] == "download":
            assert cwd is not None
            for pin in (str(part) for part in command if "=" in str(part) and "::" not in str(part)):
                if pin in self.gone:
                    raise fail(where, f"{pin} not found", way_out)
                (cwd / f"{pin.replace('=', '_')}_amd64.deb").write_text(pin)
        if command[1] == "-x":
            root = Path(command[3])
            root.mkdir(exist_ok=True)
            (root / Path(command[2]).name).touch()
        return ""


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    apt = Apt()
    monkeypatch.setattr(debian, "run", apt.run)
    monkeypatch.setattr(debian, "_check_host", lambda: None)
    return apt


REQUEST = Request(("tool",), ())


def test_a_second_time_neither_apt_nor_dpkg_is_asked(apt: Apt, progress: Progress) -> None:
    first = ensure_debian("tools", REQUEST, progress)
    asked = len(apt.calls)
    second = ensure_debian("tools", REQUEST, progress)
    assert len(apt.calls) == asked
    assert second == first
    assert [step.outcome for step in progress.steps] == [Outcome.BUILT, Outcome.CACHED]
    assert sorted(path.name for path in first.root.iterdir()) == ["lib_1.0_amd64.deb", "tool_1.0_amd64.deb"]


def test_a_remembered_version_that_left_the_archive_is_resolved_anew(apt: Apt, progress: Progress, cache: Path) -> None:
    apt.gone = {"tool=1.0"}
    with pytest.raises(UserError, match=r"tool=1\.0 not found"):
        ensure_debian("tools", REQUEST, progress)
    apt.version = "1.1"
    assert ensure_debian("tools", REQUEST, progress).versions == {"tool": "1.1", "lib": "1.1"}


def test_other_versions_have_another_root(apt: Apt, progress: Progress, cache: Path) -> None:
    old = ensure_debian("tools", REQUEST, progress)
    for memory in (cache / "deb").glob("resolved-*"):
        memory.unlink()
    apt.version = "1.1"
    assert ensure_debian("tools", REQUEST, progress).root != old.root
    assert old.root.is_dir()


def test_without_apt_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, progress: Progress) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UserError, match="--kubeconfig"):
        ensure_debian("tools", REQUEST, progress)


def test_without_root_it_says_so(monkeypatch: pytest.MonkeyPatch, progress: Progress) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserError, match="need root"):
        ensure_debian("tools", REQUEST, progress)
