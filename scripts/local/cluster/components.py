"""Command lines of the host processes; pure, so that a change of a flag is seen in a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster import layout as at
from scripts.local.cluster.layout import Layout

TLS_FLOOR = "VersionTLS12"
NODE_GRACE_SECONDS = 600
"""Silence of the kubelet after which the node's pods are called not ready, which takes them out of every Service.

There is no other node to send requests to, and what keeps the kubelet silent is most often etcd: by Kubernetes' 50 s
an outage of etcd of that length, in which everything served, became one of the gateway (seen with its disk full).
"""
PYTHON_VARIABLE = "AIGC_PYTHON"
"""Where the supervisor's environment names the Python that runs it."""


@dataclass(frozen=True)
class Component:
    """One host process under the supervisor."""

    name: str
    arguments: tuple[str, ...]
    priority: int
    """Order of starting; lower first."""
    stop_seconds: int = 10


def components(layout: Layout, bin_dir: Path) -> tuple[Component, ...]:
    """Every host process, in starting order."""
    return (
        Component(
            at.KEEPER,
            # Out of the supervisor's environment, so that another checkout is no other configuration.
            ("/bin/sh", "-c", f"'exec \"${PYTHON_VARIABLE}\" -m scripts.local.cluster.keeper'"),
            # The lowest, for it must be stopped last: it waits for etcd's end.
            priority=1,
            stop_seconds=40,
        ),
        _etcd(layout, bin_dir),
        Component(
            "containerd",
            (str(bin_dir / "containerd"), "--config", str(layout.config / "containerd.toml")),
            priority=10,
        ),
        _api_server(layout, bin_dir),
        _controller_manager(layout, bin_dir),
        _scheduler(layout, bin_dir),
        _kubelet(layout, bin_dir),
        Component(
            "kube-proxy",
            (str(bin_dir / "kube-proxy"), f"--config={layout.config / 'kube-proxy.yaml'}"),
            priority=40,
        ),
        Component("coredns", (str(bin_dir / "coredns"), "-conf", str(layout.config / "Corefile")), priority=40),
    )


def component_names(layout: Layout) -> list[str]:
    """Names alone, in starting order: where the binaries lie is none of them."""
    return [component.name for component in components(layout, Path())]


def _etcd(layout: Layout, bin_dir: Path) -> Component:
    client = f"https://{at.LOOPBACK}:{at.ETCD_CLIENT_PORT.number}"
    peer = f"https://{at.LOOPBACK}:{at.ETCD_PEER_PORT.number}"
    pki = layout.pki
    arguments = (
        str(bin_dir / "etcd"),
        f"--name={at.NODE_NAME}",
        f"--data-dir={layout.etcd}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={at.NODE_NAME}={peer}",
        f"--cert-file={pki / 'etcd-server.crt'}",
        f"--key-file={pki / 'etcd-server.key'}",
        f"--trusted-ca-file={pki / 'etcd-ca.crt'}",
        "--client-cert-auth=true",
        f"--peer-cert-file={pki / 'etcd-server.crt'}",
        f"--peer-key-file={pki / 'etcd-server.key'}",
        f"--peer-trusted-ca-file={pki / 'etcd-ca.crt'}",
        "--peer-client-cert-auth=true",
        # A local cluster can be built again from its plan: it need not survive a loss of power, and starts far faster.
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
        "--log-outputs=stderr",
    )
    return Component("etcd", arguments, priority=10)


def _api_server(layout: Layout, bin_dir: Path) -> Component:
    pki = layout.pki
    arguments = (
        str(bin_dir / "kube-apiserver"),
        f"--bind-address={at.NODE_IP}",
        f"--advertise-address={at.NODE_IP}",
        f"--secure-port={at.API_PORT.number}",
        f"--etcd-servers=https://{at.LOOPBACK}:{at.ETCD_CLIENT_PORT.number}",
        f"--etcd-cafile={pki / 'etcd-ca.crt'}",
        f"--etcd-certfile={pki / 'etcd-client.crt'}",
        f"--etcd-keyfile={pki / 'etcd-client.key'}",
        "--authorization-mode=Node,RBAC",
        "--anonymous-auth=false",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--tls-min-version={TLS_FLOOR}",
        f"--kubelet-certificate-authority={pki / 'ca.crt'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet-client.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet-client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-issuer=https://kubernetes.default.svc.{at.CLUSTER_DOMAIN}",
        f"--service-account-key-file={pki / 'service-account.pub'}",
        f"--service-account-signing-key-file={pki / 'service-account.key'}",
        f"--service-cluster-ip-range={at.SERVICE_CIDR}",
        *_aggregation(pki),
        # Debian's etcd 3.4 reports no progress to idle watches: the size estimate would wait for it in vain, always.
        "--feature-gates=SizeBasedListCostEstimate=false",
        "--profiling=false",
        "--event-ttl=2h",
        "--shutdown-delay-duration=0s",
    )
    return Component("kube-apiserver", arguments, priority=20, stop_seconds=15)


def _aggregation(pki: Path) -> tuple[str, ...]:
    return (
        # The aggregation layer, for the metrics APIs of KEDA and metrics-server.
        f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki / 'front-proxy-client.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy-client.key'}",
        "--enable-aggregator-routing=true",
    )


def _controller_manager(layout: Layout, bin_dir: Path) -> Component:
    pki = layout.pki
    arguments = (
        str(bin_dir / "kube-controller-manager"),
        *_control_loop(layout, "controller-manager", at.CONTROLLER_MANAGER_PORT),
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
        f"--service-account-private-key-file={pki / 'service-account.key'}",
        "--use-service-account-credentials=true",
        "--allocate-node-cidrs=false",
        "--terminated-pod-gc-threshold=50",
        f"--node-monitor-grace-period={NODE_GRACE_SECONDS}s",
    )
    return Component("kube-controller-manager", arguments, priority=30)


def _scheduler(layout: Layout, bin_dir: Path) -> Component:
    arguments = (str(bin_dir / "kube-scheduler"), *_control_loop(layout, "scheduler", at.SCHEDULER_PORT))
    return Component("kube-scheduler", arguments, priority=30)


def _control_loop(layout: Layout, user: str, port: at.Port) -> tuple[str, ...]:
    access = layout.config / f"{user}.kubeconfig"
    return (
        f"--kubeconfig={access}",
        f"--authentication-kubeconfig={access}",
        f"--authorization-kubeconfig={access}",
        f"--requestheader-client-ca-file={layout.pki / 'front-proxy-ca.crt'}",
        f"--bind-address={port.address}",
        f"--secure-port={port.number}",
        f"--tls-cert-file={layout.pki / f'{user}-serving.crt'}",
        f"--tls-private-key-file={layout.pki / f'{user}-serving.key'}",
        f"--tls-min-version={TLS_FLOOR}",
        # One replica: an election would only delay every restart by the lease of the killed one.
        "--leader-elect=false",
        "--profiling=false",
    )


def _kubelet(layout: Layout, bin_dir: Path) -> Component:
    arguments = (
        str(bin_dir / "kubelet"),
        f"--config={layout.config / 'kubelet.yaml'}",
        f"--kubeconfig={layout.config / 'kubelet.kubeconfig'}",
        f"--root-dir={layout.kubelet}",
        f"--cert-dir={layout.kubelet / 'pki'}",
        f"--hostname-override={at.NODE_NAME}",
        f"--node-ip={at.NODE_IP}",
        "--v=1",
    )
    return Component("kubelet", arguments, priority=40)
