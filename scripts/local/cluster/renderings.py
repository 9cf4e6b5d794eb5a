"""Configuration files of the host processes, rendered from the layout and the host's configuration; pure."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import yaml

from scripts.local.cluster import layout as at
from scripts.local.cluster.host_config import CgroupDriver, HostConfig
from scripts.local.cluster.layout import Layout

POD_LOG_SIZE = "10Mi"
POD_LOG_FILES = 3
LONGEST_RESTART_PAUSE_SECONDS = 60
"""Not less: the engine tells a crash loop from a slow start by a pause of so much."""
MAX_PODS = 110


def as_yaml(value: Any) -> str:
    """Text of a configuration file."""
    return yaml.safe_dump(value, sort_keys=False)


def kubeconfig(layout: Layout, user: str) -> dict[str, Any]:
    """Access for one user, with its key inside, so that the file works wherever it is copied to on this host."""

    def inline(name: str) -> str:
        return base64.b64encode((layout.pki / name).read_bytes()).decode()

    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": at.NODE_NAME,
                "cluster": {
                    "server": f"https://{at.NODE_IP}:{at.API_PORT.number}",
                    "certificate-authority-data": inline("ca.crt"),
                },
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate-data": inline(f"{user}.crt"),
                    "client-key-data": inline(f"{user}.key"),
                },
            }
        ],
        "contexts": [{"name": at.NODE_NAME, "context": {"cluster": at.NODE_NAME, "user": user}}],
        "current-context": at.NODE_NAME,
    }


def kubelet(layout: Layout, host: HostConfig) -> dict[str, Any]:
    """KubeletConfiguration."""
    configuration: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": at.NODE_IP,
        "port": at.KUBELET_PORT.number,
        "readOnlyPort": 0,
        "healthzBindAddress": at.LOOPBACK,
        "healthzPort": at.KUBELET_HEALTH_PORT.number,
        **_kubelet_access(layout),
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": str(host.cgroup_driver),
        "failCgroupV1": host.fail_cgroup_v1,
        "enforceNodeAllocatable": list(host.enforce_node_allocatable),
        "clusterDNS": [at.DNS_SERVICE_IP],
        "clusterDomain": at.CLUSTER_DOMAIN,
        # An empty file of our own: the host's search domains must not reach into pods.
        "resolvConf": str(layout.config / "resolv.conf"),
        "podLogsDir": str(layout.pod_logs),
        "containerLogMaxSize": POD_LOG_SIZE,
        "containerLogMaxFiles": POD_LOG_FILES,
        "volumePluginDir": str(layout.kubelet / "volume-plugins"),
        "staticPodPath": "",
        "failSwapOn": False,
        **_kubelet_resources(host),
        # Five minutes by default: after an etcd that was away, its watchers (KEDA ends itself) would stay away longer.
        "crashLoopBackOff": {"maxContainerRestartPeriod": f"{LONGEST_RESTART_PAUSE_SECONDS}s"},
        "shutdownGracePeriod": "0s",
        "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s",
        "nodeStatusReportFrequency": "1m",
    }
    if host.cgroup_root:
        configuration["cgroupRoot"] = host.cgroup_root
    return configuration


def _kubelet_resources(host: HostConfig) -> dict[str, Any]:
    """What of the node pods may use, and when they have to go."""
    return {
        "maxPods": MAX_PODS,
        "systemReserved": {"memory": f"{host.system_reserved_memory_mib}Mi", "cpu": "100m"},
        # Absolute and small: a share of a person's disk says nothing about what pods need.
        "evictionHard": {"memory.available": "200Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi"},
        # Images are imported, not pulled: one that is collected would be gone for good.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
    }


def _kubelet_access(layout: Layout) -> dict[str, Any]:
    """Who may ask the kubelet, and what it shows them: the API server decides on every caller."""
    return {
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(layout.pki / "kubelet-serving.crt"),
        "tlsPrivateKeyFile": str(layout.pki / "kubelet-serving.key"),
    }


def kube_proxy(layout: Layout) -> dict[str, Any]:
    """KubeProxyConfiguration; every zero keeps kube-proxy from changing a sysctl of the host."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "hostnameOverride": at.NODE_NAME,
        "bindAddress": at.NODE_IP,
        "clusterCIDR": at.POD_CIDR,
        "clientConnection": {"kubeconfig": str(layout.config / "kube-proxy.kubeconfig")},
        "metricsBindAddress": f"{at.LOOPBACK}:{at.PROXY_METRICS_PORT.number}",
        "healthzBindAddress": f"{at.LOOPBACK}:{at.PROXY_HEALTH_PORT.number}",
        "nodePortAddresses": [f"{at.NODE_IP}/32"],
        "conntrack": {
            "maxPerCore": 0,
            "min": 0,
            "tcpEstablishedTimeout": "0s",
            "tcpCloseWaitTimeout": "0s",
            "udpTimeout": "0s",
            "udpStreamTimeout": "0s",
        },
        "iptables": {"localhostNodePorts": False, "syncPeriod": "30s", "minSyncPeriod": "200ms"},
    }


def cni(layout: Layout) -> dict[str, Any]:
    """The CNI chain: a bridge of our own name, addresses noted in our own folder."""
    ipam = {
        "type": "host-local",
        "dataDir": str(layout.cni / "networks"),
        "ranges": [[{"subnet": at.POD_CIDR, "gateway": at.NODE_IP}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": at.BRIDGE,
        "isGateway": True,
        "ipMasq": True,
        "hairpinMode": True,
        "ipam": ipam,
    }
    return {
        "cniVersion": "1.0.0",
        "name": "aigc",
        "plugins": [bridge, {"type": "portmap", "capabilities": {"portMappings": True}}],
    }


def containerd(layout: Layout, host: HostConfig, bin_dir: Path, cni_dir: Path, pause_image: str) -> str:
    """containerd's TOML; JSON's strings, lists and booleans are TOML's."""
    runtime = '[plugins."io.containerd.cri.v1.runtime"'
    images = '[plugins."io.containerd.cri.v1.images"'
    state = layout.containerd_root.parent

    def q(value: Any) -> str:
        return json.dumps(value if isinstance(value, bool | list) else str(value))

    return "\n".join(
        [
            "version = 3",
            f"root = {q(layout.containerd_root)}",
            f"state = {q(layout.containerd_state)}",
            'disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]',
            f"[grpc]\n  address = {q(layout.containerd_socket)}",
            f"[ttrpc]\n  address = {q(str(layout.containerd_socket) + '.ttrpc')}",
            '[debug]\n  level = "warn"',
            f'[plugins."io.containerd.internal.v1.opt"]\n  path = {q(state / "opt")}',
            f"{images}]\n  snapshotter = {q(host.snapshotter)}",
            f"{images}.pinned_images]\n  sandbox = {q(pause_image)}",
            f"{runtime}]",
            "  tolerate_missing_hugetlb_controller = true",
            "  netns_mounts_under_state_dir = true",
            f"  restrict_oom_score_adj = {q(host.restrict_oom_score_adj)}",
            f"{runtime}.cni]",
            f"  bin_dirs = {q([str(cni_dir)])}",
            f"  conf_dir = {q(layout.cni / 'net.d')}",
            f'{runtime}.containerd]\n  default_runtime_name = "runc"',
            f'{runtime}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"',
            f"{runtime}.containerd.runtimes.runc.options]",
            f"  BinaryName = {q(bin_dir / 'runc')}",
            f"  Root = {q(layout.runc_root)}",
            f"  SystemdCgroup = {q(host.cgroup_driver is CgroupDriver.SYSTEMD)}",
            "",
        ]
    )


def corefile(layout: Layout) -> str:
    """CoreDNS: cluster names only, for nobody but this bridge; pods have no other names to ask for."""
    return f"""{at.CLUSTER_DOMAIN}:{at.DNS_PORT.number} in-addr.arpa:{at.DNS_PORT.number} {{
    bind {at.NODE_IP}
    errors
    health {at.LOOPBACK}:{at.DNS_HEALTH_PORT.number}
    kubernetes {at.CLUSTER_DOMAIN} in-addr.arpa {{
        kubeconfig {layout.config / "coredns.kubeconfig"}
        ttl 5
    }}
    cache 5
}}
"""
