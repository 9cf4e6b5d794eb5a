"""The controller's knobs, read from the environment in one place.

Why: the defaults are the ones of the cluster we ship; tests run the same code with other ports, folders and time
limits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Everything that may differ between the shipped pod and a test."""

    xds_dir: Path = Path("/xds")
    ingress_class: str = "aigc.ingress.networking.knative.dev"
    public_domain: str = "gateway.gateway.svc.cluster.local"
    private_domain: str = "gateway-internal.gateway.svc.cluster.local"
    # Service whose other ready pods must have loaded an Ingress too before it is called Ready; its own pod is `pod_ip`.
    peer_namespace: str = "gateway"
    peer_service: str = "gateway-internal"
    pod_ip: str = ""
    bind_address: str = "0.0.0.0"  # noqa: S104  the pod's own network namespace; the network policy says who may come
    external_port: int = 8080
    internal_port: int = 8081
    health_port: int = 8090
    admin: str = "127.0.0.1:9901"
    # Envoy 1.40 opens an inotify instance for each file it watches and aborts when there is none left. Linux gives
    # one user (uid 65532 is shared by all pods of a node) 128 of them; two gateway pods during an update with 40 each
    # leave a third.
    eds_limit: int = 40
    # 20 s: longer than any route update needs to reach every Envoy worker, short enough that old clusters do not pile
    # up.
    stale_cluster_seconds: float = 20.0
    # 10 s: Envoy loads a file within milliseconds; later than this it is down or has refused the configuration.
    load_seconds: float = 10.0
    # Periodic full pass, so that a status edited by others or an Envoy that restarted is seen without any event.
    resync_seconds: float = 30.0


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings with each `GATEWAY_*` variable that is set, and POD_IP."""
    source = os.environ if environment is None else environment
    base = Settings()
    return Settings(
        xds_dir=Path(source.get("GATEWAY_XDS_DIR", str(base.xds_dir))),
        ingress_class=source.get("GATEWAY_INGRESS_CLASS", base.ingress_class),
        public_domain=source.get("GATEWAY_PUBLIC_DOMAIN", base.public_domain),
        private_domain=source.get("GATEWAY_PRIVATE_DOMAIN", base.private_domain),
        peer_namespace=source.get("GATEWAY_PEER_NAMESPACE", base.peer_namespace),
        peer_service=source.get("GATEWAY_PEER_SERVICE", base.peer_service),
        pod_ip=source.get("POD_IP", ""),
        bind_address=source.get("GATEWAY_BIND_ADDRESS", base.bind_address),
        external_port=int(source.get("GATEWAY_EXTERNAL_PORT", base.external_port)),
        internal_port=int(source.get("GATEWAY_INTERNAL_PORT", base.internal_port)),
        health_port=int(source.get("GATEWAY_HEALTH_PORT", base.health_port)),
        admin=source.get("GATEWAY_ADMIN", base.admin),
        eds_limit=int(source.get("GATEWAY_EDS_LIMIT", base.eds_limit)),
        stale_cluster_seconds=float(source.get("GATEWAY_STALE_CLUSTER_SECONDS", base.stale_cluster_seconds)),
        load_seconds=float(source.get("GATEWAY_LOAD_SECONDS", base.load_seconds)),
        resync_seconds=float(source.get("GATEWAY_RESYNC_SECONDS", base.resync_seconds)),
    )
