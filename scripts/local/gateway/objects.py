"""Typed views of the few fields we read from Kubernetes objects.

Why: the API server's JSON is untrusted shape-wise (any field can be absent); everything after this module works on
values that are known to be there, and a malformed Ingress turns into words instead of a KeyError in the sync loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

INGRESS_CLASS_ANNOTATIONS = ("networking.knative.dev/ingress.class", "networking.knative.dev/ingress-class")
ENDPOINT_LABEL = "aigc/endpoint"
HOST_ANNOTATION = "aigc/host"
STEADY_PORT_NAME = "h2c"

# Kubernetes' own name for prior-knowledge HTTP/2 and the names people used before there was one.
HTTP2_APP_PROTOCOLS = frozenset({"kubernetes.io/h2c", "h2c", "http2", "grpc", "kubernetes.io/grpc"})
HTTP2_PORT_NAMES = ("h2c", "http2", "grpc")


@dataclass(frozen=True, order=True)
class Backend:
    """A Service's port as an Ingress names it: the port by number or by name."""

    namespace: str
    service: str
    port: str


@dataclass(frozen=True)
class Split:
    """A backend, its share in percent and the headers only it gets."""

    backend: Backend
    percent: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HttpPath:
    """One match (path prefix and exact headers) and where it goes."""

    splits: tuple[Split, ...]
    prefix: str = "/"
    match_headers: tuple[tuple[str, str], ...] = ()
    append_headers: tuple[tuple[str, str], ...] = ()
    rewrite_host: str = ""


@dataclass(frozen=True)
class Rule:
    """Hosts with the same paths; `external` says whether clients outside of the cluster may use them."""

    hosts: tuple[str, ...]
    paths: tuple[HttpPath, ...]
    external: bool = True


@dataclass(frozen=True)
class Route:
    """An Ingress, or a steady endpoint seen as one, so that both take the same way through the translation."""

    namespace: str
    name: str
    created: str
    rules: tuple[Rule, ...]
    generation: int = 0
    hash: str = ""
    kind: str = "Ingress"

    @property
    def key(self) -> str:
        """The name in messages and statistics; an Ingress of Knative is named as its endpoint."""
        return f"{self.namespace}/{self.name}"

    @property
    def identity(self) -> tuple[str, str, str]:
        """Unique among all routes: a steady Service may be named as an Ingress."""
        return (self.kind, self.namespace, self.name)


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service; `target` is the pod's port, by number or name."""

    number: int
    name: str
    http2: bool
    target: str


@dataclass(frozen=True)
class Service:
    """What routing needs of a Service."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...]
    external_name: str = ""

    def port(self, wanted: str) -> ServicePort | None:
        """The port by number or name, as an Ingress may write either."""
        return next((port for port in self.ports if wanted in (str(port.number), port.name)), None)


@dataclass(frozen=True)
class Address:
    """One address behind a Service. `serving` without `ready` is a pod that ends but still answers."""

    ip: str
    port: int
    ready: bool = True
    serving: bool = True


@dataclass(frozen=True)
class Slice:
    """An EndpointSlice: the addresses of a Service by port name."""

    namespace: str
    service: str
    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)


class MalformedObjectError(ValueError):
    """An object that cannot be understood; the text says which field and why."""


def metadata(item: Json) -> Json:
    """The metadata block, empty when absent."""
    value = item.get("metadata")
    return value if isinstance(value, Mapping) else {}


def ingress_class(item: Json) -> str:
    """The class of an Ingress; Knative accepts two spellings of the annotation."""
    annotations = metadata(item).get("annotations") or {}
    return next((str(annotations[key]) for key in INGRESS_CLASS_ANNOTATIONS if annotations.get(key)), "")


def is_http2(name: str, app_protocol: str) -> bool:
    """Whether a port speaks HTTP/2 with prior knowledge; `appProtocol` wins over the port's name."""
    if app_protocol:
        return app_protocol.lower() in HTTP2_APP_PROTOCOLS
    return any(name == known or name.startswith(f"{known}-") for known in HTTP2_PORT_NAMES)


def parse_service(item: Json) -> Service:
    """A Service object as JSON, typed."""
    spec = item.get("spec") or {}
    ports = tuple(
        ServicePort(
            number=int(port["port"]),
            name=str(port.get("name") or ""),
            http2=is_http2(str(port.get("name") or ""), str(port.get("appProtocol") or "")),
            target=str(port.get("targetPort") or port["port"]),
        )
        for port in spec.get("ports") or ()
    )
    external = str(spec.get("externalName") or "") if spec.get("type") == "ExternalName" else ""
    return Service(str(metadata(item)["namespace"]), str(metadata(item)["name"]), ports, external)


def parse_slice(item: Json) -> Slice:
    """An EndpointSlice object as JSON, typed; absent conditions mean ready, as the API says."""
    labels = metadata(item).get("labels") or {}
    found: dict[str, tuple[Address, ...]] = {}
    for port in item.get("ports") or ():
        if port.get("port") is None or str(port.get("protocol") or "TCP") != "TCP":
            continue
        found[str(port.get("name") or "")] = tuple(
            _address(str(ip), int(port["port"]), endpoint.get("conditions") or {})
            for endpoint in item.get("endpoints") or ()
            for ip in (endpoint.get("addresses") or ())[:1]
        )
    return Slice(str(metadata(item)["namespace"]), str(labels.get("kubernetes.io/service-name") or ""), found)


def _address(ip: str, port: int, conditions: Json) -> Address:
    ready = conditions.get("ready") is not False
    serving = conditions.get("serving")
    return Address(ip, port, ready, ready if serving is None else bool(serving))


def parse_steady(item: Json) -> Route | None:
    """A Service that asks for a route of its own, or None when it does not."""
    labels, annotations = metadata(item).get("labels") or {}, metadata(item).get("annotations") or {}
    if not labels.get(ENDPOINT_LABEL) or not annotations.get(HOST_ANNOTATION):
        return None
    service = parse_service(item)
    split = Split(Backend(service.namespace, service.name, STEADY_PORT_NAME), 100)
    rule = Rule((str(annotations[HOST_ANNOTATION]),), (HttpPath((split,)),))
    created = str(metadata(item).get("creationTimestamp") or "")
    return Route(service.namespace, str(labels[ENDPOINT_LABEL]), created, (rule,), kind="Service")


def sorted_pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """A header map in a stable order, so that equal input gives equal output."""
    return tuple(sorted((str(key), str(item)) for key, item in (value or {}).items()))


def parse_all_services(items: Sequence[Json]) -> dict[tuple[str, str], Service]:
    """Services by namespace and name."""
    services = (parse_service(item) for item in items)
    return {(service.namespace, service.name): service for service in services}
