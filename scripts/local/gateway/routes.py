"""The translation: (routes, services, slices) -> Envoy configuration. Pure, so it is tested without any cluster.

Why pure: the same input must give the same bytes. Envoy then sees no change where there is none, several replicas of
the gateway agree, and a property test can hold the rules (each host once a listener, weights that sum to 100).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .clusters import TYPE, Target, addresses, cluster, is_dns, load_assignment, resolve, stat_name
from .ingress import HASH_HEADER, HASH_OVERRIDE, route_faults
from .listeners import EXTERNAL, INTERNAL, LISTENERS, listeners
from .objects import HttpPath, Route, Service, Slice, Split
from .settings import Settings

Identity = tuple[str, str, str]

# Only what cannot have reached the server's handler is sent again: no connection, a refused stream, a reset before
# the request.
RETRY_POLICY: dict[str, Any] = {
    "retry_on": "connect-failure,refused-stream,reset-before-request",
    "num_retries": 3,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {"@type": f"{TYPE}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"},
        }
    ],
    "host_selection_retry_max_attempts": 3,
    # Pods come and go: 25 ms, 75 ms, ... gives the endpoint update the time to arrive.
    "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.5s"},
}


@dataclass(frozen=True)
class XdsSet:
    """One coherent configuration; every map is by resource name."""

    clusters: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    routes: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    listeners: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Translation:
    """The configuration and, for each route that is not wholly served, why."""

    xds: XdsSet
    faults: Mapping[Identity, tuple[str, ...]]


def version(value: Any) -> str:
    """The version Envoy reports back: a hash of the content, so equal content has an equal version on every replica."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def translate(
    wanted: Iterable[Route],
    services: Mapping[tuple[str, str], Service],
    slices: Sequence[Slice],
    settings: Settings,
) -> Translation:
    """Envoy's configuration for all routes. A faulty route is left out (or answers 503) and never harms another."""
    # The oldest claim on a host wins, whatever order the API server lists the objects in.
    routes = sorted(wanted, key=lambda route: (route.created, route.identity))
    faults: dict[Identity, list[str]] = {route.identity: list(route_faults(route)) for route in routes}
    sound = [route for route in routes if not faults[route.identity]]
    targets = _targets(sound, services, faults)
    hosts: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTENERS}
    for listener in LISTENERS:
        claimed: dict[str, Route] = {}
        for route in sound:
            for host, paths in _hosts_on(listener, route).items():
                owner = claimed.setdefault(host, route)
                if owner is not route:
                    message = f"host {host} is already served by {owner.kind} {owner.key}, which is older"
                    faults[route.identity] += [] if message in faults[route.identity] else [message]
                    continue
                hosts[listener].append(_virtual_host(route, host, paths, targets))
    clusters, endpoints = _clusters(targets.values(), slices, settings)
    xds = XdsSet(
        clusters=clusters,
        endpoints=endpoints,
        routes={name: _route_configuration(name, hosts[name]) for name in LISTENERS},
        listeners=tuple(listeners(settings)),
    )
    return Translation(xds, {key: tuple(words) for key, words in faults.items() if words})


def _targets(
    routes: Sequence[Route], services: Mapping[tuple[str, str], Service], faults: dict[Identity, list[str]]
) -> dict[Any, Target]:
    targets: dict[Any, Target] = {}
    for route in routes:
        for split in (split for rule in route.rules for path in rule.paths for split in path.splits if split.percent):
            target = targets.setdefault(split.backend, resolve(split.backend, services))
            if target.fault and target.fault not in faults[route.identity]:
                faults[route.identity].append(target.fault)
    return targets


def _clusters(
    targets: Iterable[Target], slices: Sequence[Slice], settings: Settings
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Clusters and, apart from them, their endpoints; beyond the limit of watched files the endpoints stand inside."""
    by_service: dict[tuple[str, str], list[Slice]] = {}
    for item in slices:
        by_service.setdefault((item.namespace, item.service), []).append(item)
    clusters: dict[str, dict[str, Any]] = {}
    endpoints: dict[str, dict[str, Any]] = {}
    by_name = {target.cluster: target for target in targets}
    watched = sum(not is_dns(target) for target in by_name.values()) <= settings.eds_limit
    for name, target in sorted(by_name.items()):
        found = addresses(target, by_service.get((target.backend.namespace, target.backend.service), ()))
        clusters[name] = cluster(target, settings.xds_dir, None if watched else found)
        if watched and not is_dns(target):
            endpoints[name] = load_assignment(name, found)
    return clusters, endpoints


def _hosts_on(listener: str, route: Route) -> dict[str, list[HttpPath]]:
    """The hosts a route serves on a listener. External hosts are served inside too: a pod may use the public name."""
    result: dict[str, list[HttpPath]] = {}
    for rule in route.rules:
        if listener == INTERNAL or (listener == EXTERNAL and rule.external):
            for host in rule.hosts:
                known = result.setdefault(host, [])
                known += [path for path in rule.paths if path not in known]
    return result


def _virtual_host(route: Route, host: str, paths: Sequence[HttpPath], targets: Mapping[Any, Target]) -> dict[str, Any]:
    endpoint = stat_name(route.key)
    entries = [_probe_path(path, route.hash) for path in paths] if route.hash else []
    return {
        "name": f"{endpoint}/{stat_name(host)}",
        "domains": [host],
        "retry_policy": RETRY_POLICY,
        # Its name is the label of the latency histogram: the SLI of one endpoint, over all of its revisions and hosts.
        "virtual_clusters": [{"name": endpoint, "headers": [{"name": ":method", "present_match": True}]}],
        "routes": [_route(path, targets) for path in [*entries, *paths]],
    }


def _probe_path(path: HttpPath, value: str) -> HttpPath:
    """Knative's probe: asked to override, the hash of the Ingress this proxy routes by goes upstream in the header."""
    return HttpPath(
        splits=path.splits,
        prefix=path.prefix,
        match_headers=tuple(sorted((*path.match_headers, (HASH_HEADER, HASH_OVERRIDE)))),
        append_headers=tuple(sorted((*path.append_headers, (HASH_HEADER, value)))),
        rewrite_host=path.rewrite_host,
    )


def _route(path: HttpPath, targets: Mapping[Any, Target]) -> dict[str, Any]:
    match: dict[str, Any] = {"prefix": path.prefix}
    if path.match_headers:
        match["headers"] = [{"name": name, "string_match": {"exact": value}} for name, value in path.match_headers]
    action: dict[str, Any] = {"timeout": "0s"}
    if path.rewrite_host:
        action["host_rewrite_literal"] = path.rewrite_host
    route: dict[str, Any] = {"match": match, "route": action}
    splits = [split for split in path.splits if split.percent]
    if len(splits) == 1:
        action["cluster"] = targets[splits[0].backend].cluster
        route.update(_headers(path, splits[0]))
        return route
    action["weighted_clusters"] = {
        "clusters": [
            {"name": targets[split.backend].cluster, "weight": split.percent, **_headers(path, split)}
            for split in splits
        ]
    }
    return route


def _headers(path: HttpPath, split: Split) -> dict[str, Any]:
    """The headers a request gets on its way to one split; the split's own win over those of the path."""
    merged: dict[str, tuple[str, str]] = {}
    for name, value in (*path.append_headers, *split.headers):
        merged[name.lower()] = (name, value)
    if not merged:
        return {}
    return {
        "request_headers_to_add": [
            # Set, never added to: a client must not choose its revision by sending the header itself. '%' starts a
            # command.
            {
                "header": {"key": name, "value": value.replace("%", "%%")},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                "keep_empty_value": True,
            }
            for name, value in (merged[key] for key in sorted(merged))
        ]
    }


def _route_configuration(name: str, hosts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "@type": f"{TYPE}envoy.config.route.v3.RouteConfiguration",
        "name": name,
        "virtual_hosts": sorted(hosts, key=lambda host: str(host["domains"][0])),
        # Clients write the node port into Host (gpt.models.example:30080); a host is the same on each port.
        "ignore_port_in_host_matching": True,
    }
