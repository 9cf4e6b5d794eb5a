"""What the verbs and tests ask of the local cluster; everything behind it is in `scripts.local.cluster`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import cache_dir
from aigc.catalog.faults import Fault, UserError, fail
from aigc.catalog.versions import versions
from scripts.local.cluster import components, host_facts, readiness, start_up, status
from scripts.local.cluster import layout as at
from scripts.local.cluster.install import Tools
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.lock import alone
from scripts.local.cluster.preflight import Situation, faults_of
from scripts.local.cluster.removal import remove
from scripts.local.cluster.residue import residue as left_behind
from scripts.local.cluster.started import read_started
from scripts.local.cluster.status import SUPERVISOR, ProcessStatus
from scripts.local.cluster.supervisor import Supervisor, log_file
from scripts.progress import Progress

__all__ = [
    "SUPERVISOR",
    "ClusterInfo",
    "ProcessStatus",
    "cluster_down",
    "cluster_status",
    "cluster_up",
    "component_log",
    "component_names",
    "leave_mark",
    "pause_image",
    "residue",
]

LAYOUT = Layout()
PAUSE = "pause"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ClusterInfo:
    """How to use a cluster that is up."""

    kubeconfig: Path
    node_ip: str
    ctr: Path
    containerd_socket: Path


def preflight() -> list[Fault]:
    """Everything that keeps the cluster from working on this host; changes and builds nothing."""
    cache = cache_dir()
    binaries = cache / "bin"
    situation = Situation(
        is_ours=LAYOUT.host_before.exists(),
        cache_is_warm=binaries.is_dir() and any(binaries.glob("kubernetes-*")),
        state_dir=str(LAYOUT.root),
        cache_dir=str(cache),
    )
    return faults_of(host_facts.collect(LAYOUT.root, cache), situation)


def cluster_up(progress: Progress) -> ClusterInfo:
    """Bring the cluster up, or what is missing of it.

    Raises:
        UserError: this host cannot run it, or a part does not start; says which and why.
    """
    from scripts.local.supply.api import ensure_host_tools  # noqa: PLC0415 - `down` and `status` must not need it

    if faults := preflight():
        raise UserError(faults)
    host_tools = ensure_host_tools(progress)
    with alone(LAYOUT):
        start_up.bring_up(LAYOUT, Tools(host_tools.bin_dir, host_tools.cni_dir, pause_image()), cache_dir(), progress)
    info = ClusterInfo(LAYOUT.kubeconfig, at.NODE_IP, host_tools.bin_dir / "ctr", LAYOUT.containerd_socket)
    _ensure_pause(info, progress)
    return info


def cluster_down(progress: Progress) -> None:
    """Remove everything of the cluster from this host; nothing to do is fine too.

    Raises:
        UserError: something could not be removed.
    """
    if not host_facts.collect(LAYOUT.root, cache_dir()).is_root:
        raise fail("user", "is not root", "run it with sudo")
    with alone(LAYOUT):
        remove(LAYOUT, progress)


def cluster_status() -> list[ProcessStatus]:
    """Every host process in words; empty when there is no cluster."""
    if not LAYOUT.host_before.exists():
        return []
    infos = Supervisor(LAYOUT).processes()
    supervisor = status.of_supervisor(LAYOUT, bool(infos))
    if not infos:
        return [supervisor]
    problems = {
        check.component: status.known_cause(LAYOUT, check.component) or f"{check.what}: no ({words})"
        for check, words in readiness.failing(LAYOUT)
    }
    exits = status.exits(LAYOUT)
    return [
        supervisor,
        *(
            status.describe(info, exits.get(info.name, 0), status.said(LAYOUT, info.name), problems.get(info.name, ""))
            for info in sorted(infos, key=lambda info: component_names().index(info.name))
        ),
    ]


def leave_mark(progress: Progress) -> None:
    """Write down how far the cluster's data is, after an apply: an older state is then known to have lost writes."""
    start_up.leave_mark(LAYOUT, progress)


def residue() -> list[str]:
    """What of the cluster is on this host now: processes, mounts, links, firewall chains, control groups, folders."""
    started = read_started(LAYOUT)
    gathered = sorted((cache_dir() / "host-tools").glob("*/bin"))
    return left_behind(LAYOUT, bin_dir=started.bin_dir if started else next(iter(gathered), None))


def component_names() -> list[str]:
    """Host processes, in starting order."""
    return components.component_names(LAYOUT)


def component_log(name: str, lines: int) -> str:
    """The last lines of a host process.

    Raises:
        UserError: there is no such process, or it has not written yet.
    """
    if name not in (*component_names(), SUPERVISOR):
        raise fail(name, "is no process of the local cluster", f"one of: {', '.join(component_names())}, {SUPERVISOR}")
    path = log_file(LAYOUT, name)
    if not path.exists():
        raise fail(name, f"has no log: {path} does not exist", "bring the cluster up: python -m scripts cluster up")
    return "\n".join(status.tail(path, lines))


def pause_image() -> str:
    """Reference of the image of the container that holds a pod's namespaces."""
    return f"dev.local/{PAUSE}:{versions().images[PAUSE]}"


def _ensure_pause(info: ClusterInfo, progress: Progress) -> None:
    """Without it no pod starts."""
    from scripts.local.supply.api import ensure_images, import_images  # noqa: PLC0415 - as above

    archives = ensure_images({PAUSE: pause_image()}, [], REPOSITORY / "model_repository", progress)
    import_images(archives, info.ctr, info.containerd_socket, progress)
