"""Brings the cluster up from any state: nothing there, half made, crashed, after a restart of the host, or running."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from aigc.catalog.faults import fail
from scripts.local.cluster import base_objects, cgroups, host_before, modules, processes, readiness
from scripts.local.cluster.host_config import CgroupDriver, HostConfig, configure
from scripts.local.cluster.host_facts import collect
from scripts.local.cluster.install import (
    Started,
    Tools,
    boot_id,
    read_started,
    render_all,
    write_all,
    write_started,
)
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network
from scripts.local.cluster.pki import ensure_pki
from scripts.local.cluster.status import etcd_damage
from scripts.local.cluster.supervisor import Supervisor, log_file, start
from scripts.progress import Outcome, Progress

ETCD_LOOK_SECONDS = 8.0
"""How long etcd may fail before its log is read for damage; it fails within a second when its data is bad."""
PORT_SECONDS = 15.0


def bring_up(layout: Layout, tools: Tools, cache: Path, progress: Progress) -> None:
    """Do everything that is not done yet.

    Raises:
        UserError: something on this host keeps the cluster from working; says what.
    """
    last = read_started(layout)
    if last is not None and last.boot_id != boot_id():
        forget_last_boot(layout)
    refuse_beside_another_cluster(layout, tools)
    host_before.save(layout)
    write_started(layout, Started(boot_id(), tools.bin_dir, last.digest if last else ""))
    modules.load_missing()
    host = configure(collect(layout.root, cache, tools.bin_dir))
    prepare_network(tools, host)
    if host.cgroup_driver is CgroupDriver.CGROUPFS:
        cgroups.ensure()
    ensure_pki(layout)
    digest = write_all(layout, render_all(layout, host, tools))
    supervisor = Supervisor(layout)
    with progress.step("control plane and node") as step:
        changed = start_processes(layout, supervisor, host, digest)
        wait_until_ready(layout, supervisor, host, progress)
        step.outcome = Outcome.DONE if changed else Outcome.UNCHANGED
    write_started(layout, Started(boot_id(), tools.bin_dir, digest))


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


def start_processes(layout: Layout, supervisor: Supervisor, host: HostConfig, digest: str) -> bool:
    """Have the supervisor run with this configuration; returns whether anything was started."""
    last = read_started(layout)
    if supervisor.answers():
        if last is not None and last.digest in ("", digest):
            waiting = [info.name for info in supervisor.processes() if info.state not in ("RUNNING", "STARTING")]
            for name in waiting:
                supervisor.start_now(name)
            return bool(waiting)
        supervisor.shut_down()
    end_host_processes(layout)
    launch(layout, supervisor, host)
    return True


def launch(layout: Layout, supervisor: Supervisor, host: HostConfig) -> None:
    """Start the supervisor, and with it everything else."""
    start(layout, cgroups.start_prefix(host.cgroup_driver))
    deadline = time.monotonic() + PORT_SECONDS
    while not supervisor.answers():
        if time.monotonic() > deadline:
            raise fail("supervisor", "does not answer", f"look at {layout.logs / 'supervisord.log'}")
        time.sleep(0.05)


def end_host_processes(layout: Layout) -> None:
    """End what a dead supervisor left behind; shims stay, and with them the containers of pods."""
    ours = processes.owned(layout)
    left = processes.end([process.pid for process in ours if not process.is_shim])
    if left:
        raise fail("processes", f"{left} do not end", "restart this host")


def wait_until_ready(layout: Layout, supervisor: Supervisor, host: HostConfig, progress: Progress) -> None:
    """Wait for each part in the order in which they need each other."""
    if rebuild_damaged_etcd(layout, supervisor, progress):
        supervisor.shut_down()
        end_host_processes(layout)
        launch(layout, supervisor, host)
    readiness.wait_for(layout, supervisor, readiness.ETCD, progress)
    readiness.wait_for(layout, supervisor, readiness.API_SERVER, progress)
    base_objects.ensure_base_objects(layout)
    for check in (readiness.CONTAINERD, *readiness.CONTROL_LOOPS, readiness.NODE, *readiness.DATA_PATH):
        readiness.wait_for(layout, supervisor, check, progress)


def rebuild_damaged_etcd(layout: Layout, supervisor: Supervisor, progress: Progress) -> bool:
    """Throw etcd's data away when a hard stop of the host damaged it; returns whether that was done.

    Everything must then start again: the kubelet registers its node only once in its life.
    """
    started = time.monotonic()
    while readiness.ETCD.probe(layout):
        if time.monotonic() - started > ETCD_LOOK_SECONDS:
            damage = etcd_damage(layout)
            if not damage:
                return False
            progress.note(f"{damage}; the cluster starts empty, `up` puts its objects back")
            supervisor.stop("etcd")
            shutil.rmtree(layout.etcd, ignore_errors=True)
            layout.etcd.mkdir(mode=0o700)
            log_file(layout, "etcd").unlink(missing_ok=True)
            return True
        time.sleep(readiness.POLL_SECONDS)
    return False


def forget_last_boot(layout: Layout) -> None:
    """After a restart of the host: nothing of these runs any more, and notes on it would mislead."""
    for folder in (layout.containerd_state, layout.runc_root, layout.cni / "networks"):
        shutil.rmtree(folder, ignore_errors=True)
    for path in (layout.supervisor_socket, layout.supervisor_pid, layout.containerd_socket):
        path.unlink(missing_ok=True)
    host_before.renew(layout)
