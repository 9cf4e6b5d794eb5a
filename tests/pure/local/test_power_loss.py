"""When etcd's data is trusted, when not, and what a person is told: it does not sync, so a power loss takes writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.local.cluster import power_loss, status
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.power_loss import Evidence
from scripts.local.cluster.started import Started, read_started, write_started


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.logs.mkdir()
    return layout


@pytest.mark.parametrize(
    ("has_data", "last_boot", "boot", "synced", "trusted"),
    [
        (False, "", "b", "", True),  # a first `up`
        (True, "", "b", "", True),  # `up` was interrupted before it noted anything
        (True, "b", "b", "", True),  # processes were killed, the kernel was not
        (True, "a", "b", "a", True),  # shut down in order
        (True, "a", "b", "", False),  # power loss
        (True, "a", "b", "z", False),  # the note is of an older shutdown
        (True, "a", "b", "b", False),  # and one of this boot says nothing of the last
        (False, "a", "b", "", True),  # nothing there that could be wrong
    ],
)
def test_what_is_trusted(has_data: bool, last_boot: str, boot: str, synced: str, trusted: bool) -> None:
    words = power_loss.distrust(Evidence(has_data, last_boot, boot, synced))
    assert (words == "") is trusted
    assert trusted or "power loss" in words


@pytest.mark.parametrize(
    ("noted", "found", "fine"), [("", "", True), ("", "a", True), ("a", "a", True), ("b", "a", False), ("b", "", False)]
)
def test_an_older_copy_is_known_by_its_mark(noted: str, found: str, fine: bool) -> None:
    words = power_loss.gone_back(noted, found)
    assert (words == "") is fine
    assert fine or "older copy" in words


def test_the_note_of_an_orderly_end_is_gone_once_etcd_may_write_again(layout: Layout) -> None:
    layout.etcd.mkdir()
    (layout.etcd / "member").touch()
    power_loss.note_synced(layout, "boot-1")
    assert power_loss.evidence(layout, "boot-1", "boot-2") == Evidence(True, "boot-1", "boot-2", "boot-1")
    power_loss.forget_synced(layout)
    power_loss.forget_synced(layout)
    assert power_loss.distrust(power_loss.evidence(layout, "boot-1", "boot-2"))


def test_the_note_of_a_start_is_read_back_and_one_of_an_older_version_too(layout: Layout) -> None:
    started = Started("boot-1", Path("/bin"), "d", mark="m", rebuilt="at noon: power loss")
    write_started(layout, started)
    assert read_started(layout) == started
    layout.started.write_text('{"boot_id": "boot-1", "bin_dir": "/bin", "digest": "d"}')
    assert read_started(layout) == Started("boot-1", Path("/bin"), "d")
    layout.started.write_text('{"boot_id": "boot-1"}')
    assert read_started(layout) is None


def test_status_says_after_a_power_loss_what_up_will_do(layout: Layout) -> None:
    layout.etcd.mkdir()
    (layout.etcd / "member").touch()
    write_started(layout, Started("another-boot", Path("/bin"), "d"))
    words = status.of_supervisor(layout, runs=False).words
    assert "the host was restarted" in words
    assert "power loss" in words
    assert "anew" in words
    power_loss.note_synced(layout, "another-boot")
    assert "power loss" not in status.of_supervisor(layout, runs=False).words


def test_status_tells_of_a_rebuilt_cluster_and_of_a_killed_supervisor(layout: Layout) -> None:
    write_started(layout, Started(power_loss.boot_id(), Path("/bin"), "d", rebuilt="at noon: because"))
    (layout.logs / "keeper.log").write_text(
        f"2026-01-01T00:00:00+00:00 {status.STARTED_AGAIN}\n2026-01-02T00:00:00+00:00 not yet: locked\n"
    )
    words = status.of_supervisor(layout, runs=True).words
    assert "was gone 1 time, last at 2026-01-01T00:00:00+00:00" in words
    assert "thrown away at noon: because" in words


def test_damaged_data_is_named_with_its_consequence(layout: Layout) -> None:
    (layout.logs / "etcd.log").write_text('{"level":"fatal","msg":"read","error":"walpb: crc mismatch"}\n')
    assert "damaged (walpb: crc" in status.said(layout, "etcd")
    assert "`make up` builds the cluster anew" in status.said(layout, "etcd")
    (layout.logs / "kubelet.log").write_text("walpb: crc mismatch\n")
    assert status.said(layout, "kubelet") == "last log line: walpb: crc mismatch"
