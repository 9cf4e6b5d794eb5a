"""The whole machine: restarted in order, stopped by a loss of power, and given an old copy of etcd's data.

A restart ends every process, rule and mount at once and leaves the disk. What brings the cluster up again is `make up`,
of a person or of whatever the machine runs at boot: nothing of ours is installed on the host that could. The bridge is
left here, or the load of this test would follow the default route off the machine.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import Any

from scripts.local.cluster import api_access, cgroups, mounts, power_loss
from scripts.local.cluster.network import Network
from scripts.local.cluster.removal import SHIM_SOCKETS, end_all, remove_dead_sockets
from scripts.local.cluster.start_up import leave_mark
from scripts.local.cluster.started import read_started, write_started
from scripts.local.cluster.supervisor import Supervisor
from scripts.progress import Progress
from tests.faults.disk import wait_for_etcd
from tests.faults.fault import Fault
from tests.faults.scene import Scene
from tests.faults.up import must_come_up

OTHER_BOOT = "00000000-0000-4000-8000-000000000000"
HOST_SECONDS = 240.0
LOST_PATH = "/api/v1/namespaces/models/configmaps/written-and-lost"
LOST = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "written-and-lost", "namespace": "models"}}
REBUILT = r"^supervisord: running: .*etcd's data was thrown away at .*"


def node_restart() -> Fault:
    """Shut down in order: the data is whole, and the same objects are there again."""
    uid: list[str] = []

    def cause(scene: Scene) -> None:
        uid[:] = [_uid(scene)]
        _stop_machine(scene)
        power_loss.note_synced(scene.layout, OTHER_BOOT)

    def undo(scene: Scene) -> None:
        said = must_come_up()
        assert _uid(scene) == uid[0], "the objects are others: the cluster was built anew"
        assert power_loss.CONSEQUENCE not in said, said

    words = r"^supervisord: stopped: the host was restarted; it does not run"
    return Fault("node restart", cause, words, undo=undo, may_fail=True, within_seconds=HOST_SECONDS)


def power_lost() -> Fault:
    """No shutdown, and the last of what etcd wrote is gone: the cluster is built anew, and said so."""

    def cause(scene: Scene) -> None:
        _stop_machine(scene)
        for log in scene.layout.etcd.rglob("*.wal"):
            os.truncate(log, log.stat().st_size // 2)

    def undo(scene: Scene) -> None:
        said = must_come_up()
        assert "power loss" in said, f"`up` does not say why it built the cluster anew:\n{said}"
        assert power_loss.CONSEQUENCE in said, f"`up` does not say that it built the cluster anew:\n{said}"

    words = r"^supervisord: stopped: .*power loss"
    after = f"{REBUILT}power loss"
    return Fault("power loss", cause, words, undo=undo, after=after, may_fail=True, within_seconds=HOST_SECONDS)


def older_copy() -> Fault:
    """Valid data of an earlier time under a running cluster, as an old snapshot of a disk is: known by its mark."""

    def cause(scene: Scene) -> None:
        supervisor, old = Supervisor(scene.layout), scene.layout.root / "etcd-of-before"
        supervisor.stop("etcd")
        shutil.copytree(scene.layout.etcd, old)
        supervisor.start_now("etcd")
        wait_for_etcd(scene)
        api_access.apply(scene.layout, LOST_PATH, LOST, Progress(quiet=True))
        leave_mark(scene.layout, Progress(quiet=True))
        _stop_machine(scene)
        note = read_started(scene.layout)
        assert note is not None, "no note of the last start"
        write_started(scene.layout, replace(note, boot_id=power_loss.boot_id()))
        shutil.rmtree(scene.layout.etcd)
        old.rename(scene.layout.etcd)

    def undo(scene: Scene) -> None:
        said = must_come_up()
        assert "older copy" in said, f"`up` does not say why it built the cluster anew:\n{said}"

    words, after = r"^supervisord: stopped: it does not run", f"{REBUILT}older copy"
    return Fault("older copy of etcd", cause, words, undo=undo, after=after, may_fail=True, within_seconds=HOST_SECONDS)


def _stop_machine(scene: Scene) -> None:
    note = read_started(scene.layout)
    assert note is not None, "no note of the last start"
    end_all(scene.layout)
    mounts.unmount_all(scene.layout.root)
    Network(note.bin_dir).remove_chains()
    cgroups.remove()
    remove_dead_sockets(SHIM_SOCKETS)
    write_started(scene.layout, replace(note, boot_id=OTHER_BOOT, pods_boot_id=OTHER_BOOT))


def _uid(scene: Scene) -> Any:
    return scene.workloads.core.read_namespace("models").metadata.uid
