"""What Envoy really runs, read from its admin interface on loopback.

Why: a file that was written is not a configuration that was loaded. An Ingress may be called Ready only when the
proxy routes by it, and a refused configuration must be found out, or everything after it would be refused too.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class EnvoyAwayError(Exception):
    """Envoy does not answer; it is starting, or gone, and will read the files when it comes."""


@dataclass(frozen=True)
class Loaded:
    """A reading: version by file, clusters not usable yet, the words of refusals, and how many refusals there were."""

    versions: Mapping[str, str] = field(default_factory=dict)
    warming: frozenset[str] = frozenset()
    errors: tuple[str, ...] = ()
    rejected: int = 0


class Admin:
    """Envoy's admin interface."""

    def __init__(self, address: str) -> None:
        self._address = address

    def loaded(self) -> Loaded:
        """What is loaded now; EnvoyAwayError when nobody answers."""
        dump = json.loads(self._request("GET", "/config_dump"))
        stats = self._request("GET", "/stats?filter=update_rejected$")
        rejected = sum(int(line.rsplit(":", 1)[1]) for line in stats.splitlines() if ":" in line)
        return parse_dump(dump, rejected)

    def drain(self, begin: bool) -> None:
        """Ask clients to leave (Connection: close, GOAWAY) and answer 503 on /ready, or take that back."""
        self._request("POST", "/healthcheck/fail" if begin else "/healthcheck/ok")

    def _request(self, method: str, path: str) -> str:
        connection = http.client.HTTPConnection(self._address, timeout=5)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            body = response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise EnvoyAwayError(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise EnvoyAwayError(f"{path} answered {response.status}")
        return body


def parse_dump(dump: Mapping[str, Any], rejected: int) -> Loaded:
    """The few fields of a configuration dump that tell what is loaded."""
    versions: dict[str, str] = {}
    warming: set[str] = set()
    errors: list[str] = []
    for part in dump.get("configs") or ():
        kind = str(part.get("@type") or "").rsplit(".", 1)[-1]
        if kind == "ClustersConfigDump":
            versions["cds"] = str(part.get("version_info") or "")
            warming |= {_waiting(item) for item in part.get("dynamic_warming_clusters") or ()} - {""}
        elif kind == "ListenersConfigDump":
            versions["lds"] = str(part.get("version_info") or "")
            errors += [_details(item) for item in part.get("dynamic_listeners") or ()]
        elif kind == "RoutesConfigDump":
            for item in part.get("dynamic_route_configs") or ():
                name = str((item.get("route_config") or {}).get("name") or "")
                versions[f"rds-{name}"] = str(item.get("version_info") or "")
                errors.append(_details(item))
    return Loaded(versions, frozenset(warming), tuple(error for error in errors if error), rejected)


def _waiting(item: Mapping[str, Any]) -> str:
    """The name of a cluster that still warms up; a name to look up in DNS may stay so and is not waited for."""
    value = item.get("cluster") or {}
    return "" if value.get("type") == "STRICT_DNS" else str(value.get("name") or "")


def _details(item: Mapping[str, Any]) -> str:
    return str((item.get("error_state") or {}).get("details") or "")
