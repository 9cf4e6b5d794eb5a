"""Brings the cluster up from any state: nothing there, half made, crashed, after a restart of the host, or running."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aigc.catalog.faults import fail
from scripts.local.cluster import base_objects, cgroups, host_before, mark, modules, power_loss, readiness
from scripts.local.cluster.host_config import CgroupDriver, HostConfig, configure
from scripts.local.cluster.host_facts import collect
from scripts.local.cluster.install import (
    Tools,
    render_all,
    write_all,
)
from scripts.local.cluster.last_boot import forget_last_boot, has_pods_of_before, replace_pods
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network
from scripts.local.cluster.pki import ensure_pki
from scripts.local.cluster.started import Started, read_started, write_started
from scripts.local.cluster.status import etcd_damage
from scripts.local.cluster.supervisor import Supervisor, end_host_processes, log_file, start
from scripts.progress import Outcome, Progress

ETCD_LOOK_SECONDS = 8.0
"""How long etcd may fail before its log is read for damage; it fails within a second when its data is bad."""
PORT_SECONDS = 15.0


def bring_up(layout: Layout, tools: Tools, cache: Path, progress: Progress) -> None:
    """Do everything that is not done yet.

    Raises:
        UserError: something on this host keeps the cluster from working; says what.
    """
    last = read_started(layout) or Started("", tools.bin_dir, "")
    boot = power_loss.boot_id()
    if last.boot_id not in ("", boot):
        forget_last_boot(layout)
    refuse_beside_another_cluster(layout, tools)
    host_before.save(layout)
    # Before the new boot is noted: an interruption in between must not make the data look trustworthy.
    why = power_loss.distrust(power_loss.evidence(layout, last.boot_id, boot))
    note = replace(throw_away(layout, last, why, progress) if why else last, boot_id=boot, bin_dir=tools.bin_dir)
    write_started(layout, note)
    modules.load_missing()
    host = configure(collect(layout.root, cache, tools.bin_dir))
    prepare_network(tools, host)
    if host.cgroup_driver is CgroupDriver.CGROUPFS:
        cgroups.ensure()
    ensure_pki(layout)
    digest = write_all(layout, render_all(layout, host, tools))
    supervisor = Supervisor(layout)
    with progress.step("control plane and node") as step:
        changed = start_processes(layout, supervisor, host, note, digest)
        note = wait_until_ready(layout, supervisor, host, note, progress)
        step.outcome = Outcome.DONE if changed else Outcome.UNCHANGED
        step.detail = f"rebuilt {note.rebuilt}" if note.rebuilt != last.rebuilt else ""
    write_started(layout, replace(note, digest=digest, mark=note.mark or mark.leave(layout, progress)))


def refuse_beside_another_cluster(layout: Layout, tools: Tools) -> None:
    """Two kube-proxies on one host write the same chains, and our `down` would delete the other's."""
    if not layout.host_before.exists() and Network(tools.bin_dir).foreign_cluster():
        raise fail(
            "firewall",
            "chains named KUBE-* or CNI-* are here: another Kubernetes or CNI uses this host",
            "use a host without one, or that cluster itself: `python -m scripts up --kubeconfig FILE`",
        )


def prepare_network(tools: Tools, host: HostConfig) -> None:
    """Bridge first: the API server listens on its address, which pods can reach."""
    network = Network(tools.bin_dir)
    network.ensure_bridge()
    network.ensure_accepts(host.firewall)
    host_before.set_sysctls()


def start_processes(layout: Layout, supervisor: Supervisor, host: HostConfig, note: Started, digest: str) -> bool:
    """Have the supervisor run with this configuration; returns whether anything was started."""
    if supervisor.answers():
        if note.digest in ("", digest):
            waiting = [info.name for info in supervisor.processes() if info.state not in ("RUNNING", "STARTING")]
            for name in waiting:
                supervisor.start_now(name)
            return bool(waiting)
        supervisor.shut_down()
    end_host_processes(layout)
    launch(layout, supervisor, host, note)
    return True


def launch(layout: Layout, supervisor: Supervisor, host: HostConfig, note: Started) -> None:
    """Start the supervisor, and with it everything else; the kubelet only when there is no pod of another boot."""
    start(layout, cgroups.start_prefix(host.cgroup_driver))
    deadline = time.monotonic() + PORT_SECONDS
    while not supervisor.answers():
        if time.monotonic() > deadline:
            raise fail("supervisor", "does not answer", f"look at {layout.logs / 'supervisord.log'}")
        time.sleep(0.05)
    if has_pods_of_before(note):
        supervisor.stop(readiness.NODE.component)


def wait_until_ready(
    layout: Layout, supervisor: Supervisor, host: HostConfig, note: Started, progress: Progress
) -> Started:
    """Wait for each part in the order in which they need each other; etcd's data is thrown away when it is no good.

    Everything must then start again: the kubelet registers its node only once in its life.
    """
    why = damage_seen(layout) or wait_for_api(layout, supervisor, note, progress)
    if why:
        supervisor.shut_down()
        end_host_processes(layout)
        note = throw_away(layout, note, why, progress)
        write_started(layout, note)
        launch(layout, supervisor, host, note)
        wait_for_api(layout, supervisor, note, progress)
    base_objects.ensure_base_objects(layout, progress)
    note = replace_pods(layout, note, progress)
    supervisor.start_now(readiness.NODE.component)
    for check in (readiness.CONTAINERD, *readiness.CONTROL_LOOPS, readiness.NODE, *readiness.DATA_PATH):
        readiness.wait_for(layout, supervisor, check, progress)
    return note


def wait_for_api(layout: Layout, supervisor: Supervisor, note: Started, progress: Progress) -> str:
    """Wait for etcd and the API server; returns why the data they have must not be used, or nothing."""
    readiness.wait_for(layout, supervisor, readiness.ETCD, progress)
    readiness.wait_for(layout, supervisor, readiness.API_SERVER, progress)
    return power_loss.gone_back(note.mark, mark.found(layout, progress))


def leave_mark(layout: Layout, progress: Progress) -> None:
    """Write a new mark into the cluster and down here, so that data which is older is known for what it is."""
    if (last := read_started(layout)) is not None:
        write_started(layout, replace(last, mark=mark.leave(layout, progress)))


def damage_seen(layout: Layout) -> str:
    """What etcd says of its data when that keeps it from starting, or nothing."""
    started = time.monotonic()
    while readiness.ETCD.probe(layout):
        if time.monotonic() - started > ETCD_LOOK_SECONDS:
            return etcd_damage(layout)
        time.sleep(readiness.POLL_SECONDS)
    return ""


def throw_away(layout: Layout, note: Started, why: str, progress: Progress) -> Started:
    """Remove etcd's data, which nothing may use now; returns the note that says so."""
    progress.note(f"{why}; {power_loss.CONSEQUENCE}")
    shutil.rmtree(layout.etcd, ignore_errors=True)
    layout.etcd.mkdir(parents=True, mode=0o700)
    log_file(layout, "etcd").unlink(missing_ok=True)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return replace(note, mark="", rebuilt=f"at {now}: {why}")
