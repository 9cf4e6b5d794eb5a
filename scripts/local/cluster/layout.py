"""Every address, port, name and path of the local cluster in one place, so that preflight, set-up and removal agree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import STATE_DIR
from aigc.foundation.flows import HOST_PROCESSES_PORT

NODE_NAME = "aigc-local"
BRIDGE = "aigc0"
BRIDGE_MAC = "02:a1:9c:d9:00:01"
"""Fixed: without one a bridge takes the lowest address of its ports, and pods would hold a stale neighbour entry."""
NODE_IP = "10.217.0.1"
POD_CIDR = "10.217.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
LOOPBACK = "127.0.0.1"

IPTABLES_CHAIN_PREFIXES = ("KUBE-", "CNI-", "AIGC-")
OWN_CHAINS = ("AIGC-FORWARD", "AIGC-INPUT")
CGROUP_NAME = "aigc"
KEEPER = "keeper"
"""Name of the process that starts the supervisor again."""
OWNER_VARIABLE = "AIGC_LOCAL_CLUSTER"
"""Set in the environment of every host process of ours: how they are found again after any crash."""


@dataclass(frozen=True)
class Port:
    """A port that one of our processes listens on."""

    address: str
    number: int
    owner: str


API_PORT = Port(NODE_IP, 16443, "kube-apiserver")
ETCD_CLIENT_PORT = Port(LOOPBACK, 12379, "etcd")
ETCD_PEER_PORT = Port(LOOPBACK, 12380, "etcd")
CONTROLLER_MANAGER_PORT = Port(LOOPBACK, 16457, "kube-controller-manager")
SCHEDULER_PORT = Port(LOOPBACK, 16459, "kube-scheduler")
KUBELET_PORT = Port(NODE_IP, 10250, "kubelet")
KUBELET_HEALTH_PORT = Port(LOOPBACK, 16448, "kubelet")
PROXY_METRICS_PORT = Port(LOOPBACK, 16449, "kube-proxy")
PROXY_HEALTH_PORT = Port(LOOPBACK, 16456, "kube-proxy")
DNS_PORT = Port(NODE_IP, 53, "coredns")
DNS_HEALTH_PORT = Port(LOOPBACK, 16454, "coredns")
EXITS_PORT = Port(NODE_IP, HOST_PROCESSES_PORT, KEEPER)
PORTS = (
    API_PORT,
    ETCD_CLIENT_PORT,
    ETCD_PEER_PORT,
    CONTROLLER_MANAGER_PORT,
    SCHEDULER_PORT,
    KUBELET_PORT,
    KUBELET_HEALTH_PORT,
    PROXY_METRICS_PORT,
    PROXY_HEALTH_PORT,
    DNS_PORT,
    DNS_HEALTH_PORT,
    EXITS_PORT,
)


@dataclass(frozen=True)
class Layout:
    """Where everything a running cluster writes lies; `root` differs only in tests."""

    root: Path = STATE_DIR

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.root / "pki"

    @property
    def config(self) -> Path:
        """Rendered configuration of the processes."""
        return self.root / "config"

    @property
    def tool_links(self) -> Path:
        """First folder on the PATH of every process: `iptables` there is of the flavour that this kernel takes."""
        return self.root / "bin"

    @property
    def etcd(self) -> Path:
        """etcd's data."""
        return self.root / "etcd"

    @property
    def containerd_root(self) -> Path:
        """Images and snapshots."""
        return self.root / "containerd" / "root"

    @property
    def containerd_state(self) -> Path:
        """Running containers; worthless after the host was restarted."""
        return self.root / "containerd" / "state"

    @property
    def containerd_socket(self) -> Path:
        """containerd's API."""
        return self.root / "containerd" / "containerd.sock"

    @property
    def runc_root(self) -> Path:
        """runc's own notes on running containers; worthless after the host was restarted."""
        return self.root / "containerd" / "runc"

    @property
    def kubelet(self) -> Path:
        """The kubelet's root folder, where the volumes of pods are mounted."""
        return self.root / "kubelet"

    @property
    def cni(self) -> Path:
        """CNI configuration and the addresses in use."""
        return self.root / "cni"

    @property
    def pod_logs(self) -> Path:
        """Logs of containers."""
        return self.root / "pod-logs"

    @property
    def logs(self) -> Path:
        """Logs of host processes."""
        return self.root / "logs"

    @property
    def supervisor_socket(self) -> Path:
        """The supervisor's API."""
        return self.root / "supervisor.sock"

    @property
    def supervisor_config(self) -> Path:
        """The supervisor's configuration."""
        return self.config / "supervisord.conf"

    @property
    def supervisor_pid(self) -> Path:
        """The supervisor's pid file."""
        return self.root / "supervisord.pid"

    @property
    def host_before(self) -> Path:
        """What the host was like before us; `down` puts it back."""
        return self.root / "host-before.json"

    @property
    def started(self) -> Path:
        """What runs: which boot of the host, which tools, which configuration."""
        return self.root / "started.json"

    @property
    def synced(self) -> Path:
        """At the end of which boot etcd had stopped and all its data was on the disk."""
        return self.root / "synced"

    @property
    def lock(self) -> Path:
        """Held by `up` and `down`, beside the folder that `down` removes."""
        return Path("/run/lock") / "aigc-local.lock" if self.root == STATE_DIR else self.root.with_suffix(".lock")
