"""Rules that hold for any input: hosts once, weights whole, order of no consequence, stable names."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.local.gateway.files import documents, versions
from scripts.local.gateway.ingress import parse_ingress
from scripts.local.gateway.rollout import stale, steps
from scripts.local.gateway.routes import Translation, XdsSet
from tests.pure.gateway.builders import build, endpoint_slice, hosts, ingress, rule, service, split

SERVICES = [f"s{number}" for number in range(6)]
HOSTS = [f"h{number}.x" for number in range(5)]


@st.composite
def splits(draw: st.DrawFn) -> list[dict[str, Any]]:
    names = draw(st.lists(st.sampled_from([*SERVICES, "missing"]), min_size=1, max_size=4))
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1)))
    edges = [0, *cuts, draw(st.sampled_from([100, 100, 100, 90]))]
    shares = [max(0, high - low) for low, high in itertools.pairwise(edges)]
    return [split(name, share) for name, share in zip(names, shares, strict=True)]


@st.composite
def ingresses(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(0, 5))
    made = []
    for number in range(count):
        rules = [
            rule(
                *draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=3, unique=True)),
                paths=[
                    {"path": path, "splits": draw(splits())} for path in draw(st.sampled_from([["/"], ["/v2", "/"]]))
                ],
                local=draw(st.booleans()),
            )
            for _ in range(draw(st.integers(1, 3)))
        ]
        created = f"2026-01-0{draw(st.integers(1, 3))}T00:00:00Z"
        made.append(ingress(f"i{number}", *rules, created=created))
    return made


def world(items: list[dict[str, Any]], shuffle: random.Random | None = None) -> Translation:
    services = [service(name) for name in SERVICES]
    slices = [endpoint_slice(name, f"10.0.0.{number}", f"10.0.1.{number}") for number, name in enumerate(SERVICES)]
    for group in (items, services, slices):
        if shuffle:
            shuffle.shuffle(group)
    return build([parse_ingress(item) for item in items], services, slices)


def referenced(xds: XdsSet) -> set[str]:
    found: set[str] = set()
    for configuration in xds.routes.values():
        for host in configuration["virtual_hosts"]:
            for route in host["routes"]:
                action = route["route"]
                weighted = action.get("weighted_clusters", {}).get("clusters", [])
                found |= {item["name"] for item in weighted} or {action["cluster"]}
    return found


@given(items=ingresses(), seed=st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_any_input(items: list[dict[str, Any]], seed: int) -> None:
    result = world(list(items))
    for listener in ("external", "internal"):
        for host in hosts(result, listener).values():  # hosts() itself fails on a host that stands twice
            for route in host["routes"]:
                weighted = route["route"].get("weighted_clusters")
                if weighted:
                    assert sum(item["weight"] for item in weighted["clusters"]) == 100
        names = [host["name"] for host in result.xds.routes[listener]["virtual_hosts"]]
        assert len(names) == len(set(names))
    assert referenced(result.xds) <= set(result.xds.clusters)
    again = world(list(items), random.Random(seed))  # noqa: S311
    assert json.dumps(documents(again.xds), sort_keys=True) == json.dumps(documents(result.xds), sort_keys=True)
    assert again.faults == result.faults
    for name in result.xds.clusters:
        assert name.startswith("models/") and name.endswith("/81")


@given(before=ingresses(), after=ingresses())
@settings(max_examples=100, deadline=None)
def test_every_step_of_a_change_names_only_clusters_that_are_there(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    old, new = world(before).xds, world(after).xds
    published = old
    for step in steps(old, new):
        # Envoy may take the files of a step in any order: routes of one side must find their clusters on the other.
        assert referenced(step) <= set(published.clusters) | set(step.clusters)
        assert referenced(published) <= set(step.clusters)
        if step.routes != published.routes:
            assert referenced(step) <= set(published.clusters), "routes before their clusters"
        published = step
    assert published.routes == new.routes
    assert stale(published, new) == set(old.clusters) - set(new.clusters)
    expired = stale(published, new)
    (last,) = steps(published, new, expired)
    assert last == new
    assert versions(new)["rds-external"] == versions(published)["rds-external"]
