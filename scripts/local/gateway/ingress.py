"""From the JSON of a Knative Ingress to a checked `Route`.

Why apart from the translation: Envoy refuses a whole configuration for one bad name in it, so nothing may reach it
that it could refuse. Every fault of an Ingress is found here and becomes the words of its False condition.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from .objects import Backend, HttpPath, Json, MalformedObjectError, Route, Rule, Split, metadata, sorted_pairs

HASH_HEADER = "K-Network-Hash"
HASH_OVERRIDE = "override"
CLUSTER_LOCAL = "ClusterLocal"

_HOST = re.compile(r"^(\*\.)?[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*$")
_HEADER = re.compile(r"^[A-Za-z0-9!#$&'*+.^_`|~-]+$")


def host_fault(host: str) -> str | None:
    """Why a host cannot be routed, or None."""
    if len(host) > 253 or not _HOST.match(host):
        return f"host {host!r} is not a DNS name in lower case"
    return None


def header_fault(name: str, value: str) -> str | None:
    """Why a header cannot be matched or set, or None. Envoy owns pseudo headers and Host."""
    if not _HEADER.match(name) or name.lower() == "host":
        return f"header name {name!r} cannot be used here"
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        return f"the value of header {name!r} holds a control character"
    return None


def route_faults(route: Route) -> tuple[str, ...]:
    """Every structural fault of a route, in order; an empty answer means Envoy will take it."""
    faults: list[str] = []
    for number, rule in enumerate(route.rules):
        where = f"rules[{number}]"
        if not rule.hosts:
            faults.append(f"{where}: has no hosts")
        faults += [f"{where}: {fault}" for fault in map(host_fault, rule.hosts) if fault]
        if not rule.paths:
            faults.append(f"{where}: has no HTTP paths")
        for index, path in enumerate(rule.paths):
            faults += [f"{where}.paths[{index}]: {fault}" for fault in _path_faults(path)]
    return tuple(faults)


def _path_faults(path: HttpPath) -> list[str]:
    faults = []
    if not path.prefix.startswith("/"):
        faults.append(f"path {path.prefix!r} does not begin with '/'")
    if any(char in path.prefix for char in "\0\r\n?#"):
        faults.append(f"path {path.prefix!r} holds a character that no path can have")
    headers = path.match_headers + path.append_headers + tuple(pair for split in path.splits for pair in split.headers)
    faults += [fault for fault in (header_fault(*pair) for pair in headers) if fault]
    if path.rewrite_host and host_fault(path.rewrite_host):
        faults.append(f"rewriteHost: {host_fault(path.rewrite_host)}")
    total = sum(split.percent for split in path.splits)
    if not path.splits:
        faults.append("has no splits")
    elif any(not 0 <= split.percent <= 100 for split in path.splits) or total != 100:
        faults.append(f"the percents of the splits sum up to {total}, not 100")
    return faults


def parse_ingress(item: Json) -> Route:
    """A Knative Ingress as JSON, typed; raises MalformedObjectError with the field that is not understood."""
    meta, spec = metadata(item), item.get("spec") or {}
    try:
        rules = tuple(_rule(rule) for rule in spec.get("rules") or ())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedObjectError(f"spec.rules is not understood: {type(error).__name__}: {error}") from error
    return Route(
        namespace=str(meta.get("namespace") or ""),
        name=str(meta.get("name") or ""),
        created=str(meta.get("creationTimestamp") or ""),
        rules=rules,
        generation=int(meta.get("generation") or 0),
        hash=network_hash(item),
    )


def _rule(rule: Json) -> Rule:
    hosts = tuple(str(host).lower() for host in rule.get("hosts") or ())
    paths = tuple(_path(path) for path in (rule.get("http") or {}).get("paths") or ())
    return Rule(hosts, paths, external=rule.get("visibility") != CLUSTER_LOCAL)


def _path(path: Json) -> HttpPath:
    splits = list(path.get("splits") or ())
    only = len(splits) == 1
    return HttpPath(
        # A single split without a percent means all of it; so says the type's documentation.
        splits=tuple(_split(item, 100 if only and not item.get("percent") else 0) for item in splits),
        prefix=str(path.get("path") or "/"),
        match_headers=tuple(
            sorted((str(name), str(match["exact"])) for name, match in (path.get("headers") or {}).items())
        ),
        append_headers=sorted_pairs(path.get("appendHeaders")),
        rewrite_host=str(path.get("rewriteHost") or ""),
    )


def _split(item: Json, default_percent: int) -> Split:
    backend = Backend(str(item["serviceNamespace"]), str(item["serviceName"]), str(item["servicePort"]))
    return Split(backend, int(item.get("percent") or default_percent), sorted_pairs(item.get("appendHeaders")))


def network_hash(item: Json) -> str:
    """Knative's hash of an Ingress, by which a probe sees which version a proxy routes by.

    It is the SHA-256 of Go's JSON of the spec (struct order, no empty fields, HTML characters escaped), the namespace
    and the name. The API server returns fields sorted by name, so the struct's order is restored here.
    """
    text = json.dumps(_in_go_order(item.get("spec") or {}, "spec"), separators=(",", ":"), ensure_ascii=False)
    for char, escaped in (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e")):
        text = text.replace(char, escaped)
    for char, escaped in (("\u2028", "\\u2028"), ("\u2029", "\\u2029")):
        text = text.replace(char, escaped)
    meta = metadata(item)
    return hashlib.sha256(f"{text}{meta.get('namespace') or ''}{meta.get('name') or ''}".encode()).hexdigest()


# Field order of the Go structs; a name ending in "!" is written even when empty (no `omitempty` in the struct).
_GO_FIELDS: Mapping[str, tuple[str, ...]] = {
    "spec": ("tls", "rules", "httpOption"),
    "tls": ("hosts", "secretName", "secretNamespace"),
    "rules": ("hosts", "visibility", "http"),
    "http": ("paths!",),
    "paths": ("path", "rewriteHost", "headers", "splits!", "appendHeaders"),
    "splits": ("serviceNamespace!", "serviceName!", "servicePort!", "percent", "appendHeaders"),
}


def _in_go_order(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_in_go_order(element, kind) for element in value]
    if not isinstance(value, Mapping):
        return value
    if kind not in _GO_FIELDS:  # a map: Go sorts its keys
        return {key: value[key] for key in sorted(value)}
    ordered: dict[str, Any] = {}
    for field in _GO_FIELDS[kind]:
        name, always = field.rstrip("!"), field.endswith("!")
        if value.get(name) or always:
            ordered[name] = _in_go_order(value.get(name), name)
    return ordered
