"""Kubernetes objects as the API server returns them, with only what a test says differing from the usual."""

from __future__ import annotations

from typing import Any

from scripts.local.gateway.objects import Route, Service, Slice, parse_all_services, parse_slice
from scripts.local.gateway.routes import Translation, translate
from scripts.local.gateway.settings import Settings

CLASS = "aigc.ingress.networking.knative.dev"
Object = dict[str, Any]


def split(service: str, percent: int = 100, port: int | str = 81, headers: dict[str, str] | None = None) -> Object:
    result: Object = {"serviceNamespace": "models", "serviceName": service, "servicePort": port, "percent": percent}
    return {**result, "appendHeaders": headers} if headers else result


def rule(
    *hosts: str, splits: list[Object] | None = None, paths: list[Object] | None = None, local: bool = False
) -> Object:
    visibility = "ClusterLocal" if local else "ExternalIP"
    return {"hosts": list(hosts), "visibility": visibility, "http": {"paths": paths or [{"splits": splits or []}]}}


def ingress(name: str, *rules: Object, created: str = "2026-01-01T00:00:00Z", generation: int = 1) -> Object:
    return {
        "metadata": {
            "namespace": "models",
            "name": name,
            "generation": generation,
            "creationTimestamp": created,
            "annotations": {"networking.knative.dev/ingress.class": CLASS},
        },
        "spec": {"httpOption": "Enabled", "rules": list(rules)},
    }


def service(name: str, /, **port: Any) -> Object:
    chosen = {"name": "http2", "port": 81, "targetPort": 8013, "appProtocol": "kubernetes.io/h2c", **port}
    https = {"name": "https", "port": 443, "targetPort": 8112}
    meta = {"namespace": "models", "name": name, "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": meta, "spec": {"ports": [chosen, https]}}


def endpoint_slice(name: str, *ips: str, port: int = 8013, port_name: str = "http2", **conditions: bool) -> Object:
    return {
        "metadata": {"namespace": "models", "name": f"{name}-x", "labels": {"kubernetes.io/service-name": name}},
        "ports": [{"name": port_name, "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [ip], "conditions": conditions} for ip in ips],
    }


def build(
    routes: list[Route], services: list[Object], slices: list[Object] | None = None, settings: Settings | None = None
) -> Translation:
    typed: dict[tuple[str, str], Service] = parse_all_services(services)
    found: list[Slice] = [parse_slice(item) for item in slices or []]
    return translate(routes, typed, found, settings or Settings())


def hosts(translation: Translation, listener: str) -> dict[str, Object]:
    """Virtual hosts of a listener by their domain."""
    found: dict[str, Object] = {}
    for host in translation.xds.routes[listener]["virtual_hosts"]:
        for domain in host["domains"]:
            assert domain not in found, f"{domain} stands twice on listener {listener}"
            found[domain] = host
    return found


def addresses(translation: Translation, cluster: str) -> list[tuple[str, int]]:
    """Where a cluster's requests go, wherever its endpoints stand."""
    built = translation.xds.clusters[cluster]
    assignment = built.get("load_assignment") or translation.xds.endpoints[cluster]
    sockets = [
        item["endpoint"]["address"]["socket_address"]
        for group in assignment["endpoints"]
        for item in group["lb_endpoints"]
    ]
    return [(item["address"], item["port_value"]) for item in sockets]
