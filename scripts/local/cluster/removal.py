"""Takes the whole cluster off this host, from any state: complete, half started, crashed, or not there."""

from __future__ import annotations

import shutil
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from aigc.catalog.faults import Fault, UserError
from scripts.local.cluster import cgroups, host_before, modules, mounts, processes
from scripts.local.cluster.host_before import HostBefore
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network
from scripts.local.cluster.residue import OURS_WHEN_ABSENT_BEFORE, residue
from scripts.local.cluster.started import read_started
from scripts.progress import Progress

SHIM_SOCKETS = Path("/run/containerd/s")
ROUNDS = 20
"""A shim may start a process between our look and our kill; each round sees what the last one missed."""
WAY_OUT = "run `python -m scripts cluster down` again; `python -m scripts cluster status` names what is left"


def remove(layout: Layout, progress: Progress) -> None:
    """Remove everything; a step that fails does not keep the others from being done.

    Raises:
        UserError: with every step that failed.
    """
    started = read_started(layout)
    network = Network(started.bin_dir if started else None)
    before = host_before.load(layout)
    faults: list[Fault] = []

    def attempt(what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # whatever it was, the next step must still be done
            faults.append(Fault(what, f"could not be removed: {error}", WAY_OUT))

    with progress.step("end processes and pods") as step:
        attempt("processes", lambda: end_all(layout))
    with progress.step("remove network, mounts, groups and state") as step:
        attempt("mounts", lambda: mounts.unmount_all(layout.root))
        attempt("links", network.remove_links)
        attempt("firewall", lambda: _remove_chains(network, before))
        attempt("control groups", cgroups.remove)
        attempt("folders elsewhere", lambda: _remove_elsewhere(layout, before))
        if before is not None:
            attempt("sysctls", lambda: host_before.restore_sysctls(before))
            attempt("kernel modules", lambda: modules.unload(before.modules_absent))
        faults += [Fault(left, "is still there after all was done", WAY_OUT) for left in _left(layout, before, network)]
        if not faults:
            # The notes on what the host was like lie in there: kept until everything else is done.
            attempt(str(layout.root), lambda: _remove_root(layout))
        step.detail = "nothing was there" if started is None and before is None else ""
    if faults:
        raise UserError(faults)


def _left(layout: Layout, before: HostBefore | None, network: Network) -> list[str]:
    """What remains, but for the state folder, which goes last, and for the chains of another cluster."""
    left = [what for what in residue(layout, before, network.bin_dir) if what != f"folder {layout.root}"]
    if before is None and network.foreign_cluster():
        return [what for what in left if not what.startswith("chain ")]
    return left


def remove_dead_sockets(folder: Path) -> None:
    """Remove the sockets of shims that ended: their folder is compiled into containerd and shared with any other one.

    A socket that refuses has no process behind it, ours or not; those of another containerd's shims answer.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def end_all(layout: Layout) -> None:
    """Kill every process of ours, on the host and in pods; raises when one does not end."""
    left: list[int] = []
    for _ in range(ROUNDS):
        ours = processes.owned(layout)
        # The supervisor first, else it starts again what we end.
        keepers = [
            process.pid for process in ours if "supervisord" in process.name or process.name.startswith("python")
        ]
        processes.end(keepers, signal.SIGKILL)
        rest = {process.pid for process in ours} | set(processes.contained(layout)) | set(cgroups.members())
        left = processes.end(sorted(rest - set(keepers)), signal.SIGKILL)
        if not rest:
            return
    raise RuntimeError(f"processes {left} do not end")


def _remove_chains(network: Network, before: HostBefore | None) -> None:
    if (
        before is not None
        and network.find("iptables-nft-save") is None
        and network.find("iptables-legacy-save") is None
    ):
        raise RuntimeError("the tools are gone from the cache and the host has no iptables")
    if before is not None or not network.foreign_cluster():
        network.remove_chains()


def _remove_elsewhere(layout: Layout, before: HostBefore | None) -> None:
    remove_dead_sockets(SHIM_SOCKETS)
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and link.readlink().is_relative_to(layout.root):
            link.unlink()
    for folder in before.folders_absent if before else ():
        path = Path(folder)
        if folder in OURS_WHEN_ABSENT_BEFORE:
            shutil.rmtree(path, ignore_errors=True)
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _remove_root(layout: Layout) -> None:
    if left := mounts.under(layout.root):
        raise RuntimeError(f"still mounted: {', '.join(str(point) for point in left)}")
    if layout.root.exists():
        shutil.rmtree(layout.root)
