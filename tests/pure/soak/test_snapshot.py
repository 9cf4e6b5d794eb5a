"""What two snapshots of a host are compared by."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.local.cluster import cgroups
from tests.soak.snapshot import EXPECTED, differences, snapshot


def test_what_came_went_and_changed_is_named() -> None:
    before = {"link eth0": "", "sysctl net/a": "0", "mount /x tmpfs": ""}
    after = {"link eth0": "", "sysctl net/a": "1", "path /etc/cni": "drwx"}
    assert differences(before, after) == [
        "new: path /etc/cni",
        "gone: mount /x tmpfs",
        "changed: sysctl net/a from 0 to 1",
    ]
    assert differences(before, before) == []
    assert differences({}, dict.fromkeys(EXPECTED, "")) == []


def test_a_snapshot_sees_every_kind_of_thing() -> None:
    kinds = {name.split(" ", 1)[0] for name in snapshot()}
    assert {"mount", "link", "sysctl", "path"} <= kinds


def test_a_control_group_with_a_stranger_in_it_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, inhabitants in {"empty": "", "session-of-a-person": "1\n", "of-us": "4194304\n"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "cgroup.procs").write_text(inhabitants)
    monkeypatch.setattr(cgroups, "hierarchies", lambda: [tmp_path])
    monkeypatch.setattr(cgroups, "members", lambda: [4194304])
    found = {name.rsplit("/", 1)[-1] for name in snapshot() if name.startswith("cgroup ")}
    assert found == {"empty", "of-us"}
