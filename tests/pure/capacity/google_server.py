"""Google's Compute API for tests: requests and answers are held against the discovery document of Google itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.contracts.discovery_model import discovery_model
from tests.contracts.scalars import scalar_problem
from tests.contracts.schema import Kind, Schema
from tests.pure.capacity.loopback import Answer, Request

PROJECT, REGION = "aigc-dev", "us-central1"
TOKEN = "a-token"  # noqa: S105 - nobody's
METHODS = {
    "compute.projects.get": ("projects/{project}", "Project"),
    "compute.regions.get": ("projects/{project}/regions/{region}", "Region"),
    "compute.machineTypes.aggregatedList": (
        "projects/{project}/aggregated/machineTypes",
        "MachineTypeAggregatedList",
    ),
    "compute.reservations.aggregatedList": (
        "projects/{project}/aggregated/reservations",
        "ReservationAggregatedList",
    ),
}
PAGE = 1
"""Zones a page, so that paging is always played."""


def problems(value: Any, schema: Schema, path: str = "") -> list[str]:
    """Where an answer has what Google's has not; enumerations are left out: Google adds to them without notice."""
    if schema.kind is Kind.OBJECT:
        unknown = [f"{path}.{key}" for key in value if key not in schema.fields]
        known = [(key, item) for key, item in value.items() if key in schema.fields]
        return unknown + [bad for k, item in known for bad in problems(item, schema.fields[k].schema, f"{path}.{k}")]
    if schema.kind in {Kind.ARRAY, Kind.MAP}:
        items = value.values() if schema.kind is Kind.MAP else value
        assert schema.items is not None
        return [bad for item in items for bad in problems(item, schema.items, f"{path}[]")]
    if schema.enum:
        return [] if isinstance(value, str) else [path]
    return [f"{path}: {bad}"] if (bad := scalar_problem(value, schema)) else []


@cache
def template(method: str) -> re.Pattern[str]:
    return re.compile("/compute/v1/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", METHODS[method][0]))


def quota(metric: str, limit: float, usage: float = 0.0) -> dict[str, Any]:
    return {"metric": metric, "limit": limit, "usage": usage}


@dataclass
class Google:
    """What the project has; a test bends it before it asks."""

    regional: list[dict[str, Any]] = field(default_factory=list)
    of_project: list[dict[str, Any]] = field(default_factory=list)
    machine_types: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Zone -> rows."""
    reservations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Zone -> rows."""
    refused: dict[str, int] = field(default_factory=dict)
    """Method -> HTTP status."""
    busy: int = 0
    """How many requests are told to come again."""

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"error": {"code": 401, "message": "Request had invalid authentication credentials."}}
        method, found = next((m, hit) for m in METHODS if (hit := template(m).fullmatch(request.path)))
        allowed = discovery_model("compute.v1").root(method).fields
        assert set(found.groupdict()) | set(request.query) <= set(allowed)
        assert found["project"] == PROJECT
        if self.busy:
            self.busy -= 1
            return 503, {"error": {"code": 503, "message": "come again"}}
        if method in self.refused:
            return self.refused[method], {"error": {"code": 403, "message": f"Required '{method}' permission"}}
        body = self.body(method, request.query)
        assert problems(body, discovery_model("compute.v1").root(METHODS[method][1])) == []
        return 200, body

    def body(self, method: str, query: Mapping[str, str]) -> dict[str, Any]:
        if method == "compute.projects.get":
            return {"name": PROJECT, "quotas": self.of_project}
        if method == "compute.regions.get":
            return {"name": REGION, "quotas": self.regional}
        if method == "compute.reservations.aggregatedList":
            return {"items": {f"zones/{zone}": {"reservations": rows} for zone, rows in self.reservations.items()}}
        wanted = set(re.findall(r'name = "([^"]+)"', query["filter"]))
        start = int(query.get("pageToken", 0))
        zones = sorted(self.machine_types)
        items = {
            f"zones/{zone}": {"machineTypes": [row for row in self.machine_types[zone] if row["name"] in wanted]}
            for zone in zones[start : start + PAGE]
        }
        more = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(zones) else {}
        return {"items": items, **more}
