"""Envoy clusters and their endpoints from Services and EndpointSlices.

Why endpoints and not the ClusterIP: a live HTTP/2 connection to a ClusterIP stays on the pod it was opened to, so a
revision that moves between activator and pods would keep sending to the old side. With EDS each request picks a
current address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .objects import Address, Backend, Service, ServicePort, Slice

TYPE = "type.googleapis.com/"
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
# No request is refused for its number: queueing belongs to Knative's activator and Triton, which see the model's state.
UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Target:
    """A backend after looking its Service up: the name of its cluster, and why nothing is behind it if so."""

    cluster: str
    backend: Backend
    service: Service | None
    port: ServicePort | None
    fault: str = ""


def resolve(backend: Backend, services: Mapping[tuple[str, str], Service]) -> Target:
    """The cluster of a backend. A missing Service still gets one (empty, it answers 503) so that other splits serve."""
    service = services.get((backend.namespace, backend.service))
    port = service.port(backend.port) if service else None
    if service and service.external_name and port is None and backend.port.isdigit():
        port = ServicePort(int(backend.port), "", http2=False, target=backend.port)
    name = f"{backend.namespace}/{backend.service}/{port.number if port else backend.port}"
    if service is None:
        fault = f"Service {backend.namespace}/{backend.service} does not exist"
    elif port is None:
        known = ", ".join(f"{item.name or '(unnamed)'}={item.number}" for item in service.ports) or "none"
        fault = f"Service {backend.namespace}/{backend.service} has no port {backend.port!r}; it has: {known}"
    else:
        fault = ""
    return Target(name, backend, service, port, fault)


def addresses(target: Target, slices: Iterable[Slice]) -> tuple[Address, ...]:
    """Where a backend's requests go: ready addresses, else those that end but still serve (as kube-proxy does)."""
    if target.port is None:
        return ()
    found: set[Address] = set()
    for item in slices:
        if (item.namespace, item.service) == (target.backend.namespace, target.backend.service):
            found.update(_of_port(item, target.port))
    ready = {address for address in found if address.ready}
    chosen = ready or {address for address in found if address.serving}
    return tuple(sorted(chosen, key=lambda address: (address.ip, address.port)))


def _of_port(item: Slice, port: ServicePort) -> Sequence[Address]:
    by_name = item.addresses.get(port.name)
    if by_name is not None:
        return by_name
    # Hand-made slices may leave the port unnamed; then the number decides.
    return [address for group in item.addresses.values() for address in group if str(address.port) == port.target]


def file_name(cluster: str) -> str:
    """A file name for a cluster; names of Kubernetes objects have no '_', so the mapping has no collisions."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", cluster) + ".json"


def stat_name(name: str) -> str:
    """A name that Envoy's tag extraction keeps in one piece: it ends tags at a dot."""
    return name.replace(".", "_").replace(":", "_")


def cluster(target: Target, xds_dir: Path, inline: Sequence[Address] | None = None) -> dict[str, Any]:
    """The Envoy cluster of a backend; its endpoints come from a file of their own, or stand in it when given.

    Inline endpoints serve the same, but each change replaces the cluster: its idle connections are opened again.
    """
    result: dict[str, Any] = {
        "@type": f"{TYPE}envoy.config.cluster.v3.Cluster",
        "name": target.cluster,
        "alt_stat_name": stat_name(target.cluster),
        "connect_timeout": "2s",
        "lb_policy": "LEAST_REQUEST",
        "ignore_health_on_host_removal": True,
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        # The kernel notices a peer that vanished (node lost) in 30 s; HTTP/2 pings would anger gRPC servers.
        "upstream_connection_options": {
            "tcp_keepalive": {"keepalive_probes": 3, "keepalive_time": 15, "keepalive_interval": 5}
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": UNLIMITED,
                    "max_pending_requests": UNLIMITED,
                    "max_requests": UNLIMITED,
                    "max_retries": 1000,
                }
            ]
        },
        "typed_extension_protocol_options": {HTTP_OPTIONS: _protocol(target.port)},
    }
    result.update(_discovery(target, xds_dir, inline))
    return result


def _protocol(port: ServicePort | None) -> dict[str, Any]:
    explicit: dict[str, Any] = {"http_protocol_options": {}}
    if port is not None and port.http2:
        explicit = {
            "http2_protocol_options": {
                "initial_stream_window_size": 1 << 20,
                "initial_connection_window_size": 16 << 20,
            }
        }
    return {
        "@type": f"{TYPE}{HTTP_OPTIONS}",
        "explicit_http_config": explicit,
        # An unused connection may stay an hour: opening one costs more than keeping it.
        "common_http_protocol_options": {"idle_timeout": "3600s"},
    }


def is_dns(target: Target) -> bool:
    """Whether a backend is a name to look up (ExternalName, as Knative's DomainMapping uses) instead of endpoints."""
    return bool(target.service and target.service.external_name and target.port)


def _discovery(target: Target, xds_dir: Path, inline: Sequence[Address] | None) -> dict[str, Any]:
    if target.service and target.service.external_name and target.port:
        assignment = _assignment(target.cluster, [Address(target.service.external_name, target.port.number)])
        return {"type": "STRICT_DNS", "dns_lookup_family": "V4_PREFERRED", "load_assignment": assignment}
    if inline is not None:
        return {"type": "STATIC", "load_assignment": _assignment(target.cluster, inline)}
    return {
        "type": "EDS",
        "eds_cluster_config": {"eds_config": watched_file(xds_dir, f"eds/{file_name(target.cluster)}")},
    }


def watched_file(xds_dir: Path, name: str) -> dict[str, Any]:
    """A file under the link `current`, read again when that link is replaced: one rename publishes all files."""
    return {
        "resource_api_version": "V3",
        "initial_fetch_timeout": "5s",
        "path_config_source": {
            "path": str(xds_dir / "current" / name),
            "watched_directory": {"path": str(xds_dir)},
        },
    }


def socket_address(host: str, port: int) -> dict[str, Any]:
    """An Envoy address."""
    return {"socket_address": {"address": host, "port_value": port}}


def load_assignment(name: str, found: Sequence[Address]) -> dict[str, Any]:
    """The endpoints of a cluster as a resource of their own; none is a valid answer (503 with flag UH)."""
    return {"@type": f"{TYPE}envoy.config.endpoint.v3.ClusterLoadAssignment", **_assignment(name, found)}


def _assignment(name: str, found: Sequence[Address]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": socket_address(address.ip, address.port)}} for address in found]
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}] if endpoints else []}
