"""Pools above a floor: who may name them, and where the pods of such an endpoint go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.autoscaling.kpa import kpa_annotations
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from aigc.plan.validation import plan_of, stack_file_faults
from aigc.serving.endpoint import endpoint_bodies
from aigc.serving.triton import PodImages
from tests.pure.plan.stacks_for_tests import aws, local, write
from tests.pure.program.pods import knative_faults

FLOOR = {"machine_type": "g6.2xlarge", "min_nodes": 1}
SPOT = {"machine_type": "g6.2xlarge", "capacity": "spot", "max_nodes": 4}
POOLS = {"platform": aws()["pools"]["platform"], "floor": FLOOR, "spot": SPOT}
ABOVE: dict[str, Any] = {"pool": "floor", "overflow_pools": ["spot"]}


def stack(pools: dict[str, Any] | None = None, **model: Any) -> dict[str, Any]:
    return aws(pools=POOLS | (pools or {}), models={"tiny": model})


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (stack(overflow_pools=["spot"]), "tiny.overflow_pools", "must be named", "add pool"),
    (stack(**ABOVE | {"overflow_pools": ["sopt"]}), "overflow_pools[0]", "no pool sopt", "did you mean spot"),
    (stack(**ABOVE | {"overflow_pools": ["floor"]}), "overflow_pools[0]", "named twice", "once"),
    (stack(**ABOVE | {"overflow_pools": ["spot", "spot"]}), "overflow_pools[1]", "named twice", "once"),
    (stack(**ABOVE | {"overflow_pools": ["platform"]}), "overflow_pools[0]", "carries cpu", "same accelerator"),
    (stack({"spot": SPOT | {"machine_type": "g6.xlarge"}}, **ABOVE | {"resources": {"cpu_millicores": 5000}}),
     "tiny.resources.cpu_millicores", "a g6.xlarge gives", "larger machine"),
    (stack(**ABOVE | {"replicas": {"min": 6}}), "replicas.min", "its pools hold 5 at most", "raise max_nodes"),
    (local(models={"tiny": ABOVE}), "overflow_pools[0]", "no pool spot", "pools"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def planned(tmp_path: Path, repository: Path, **model: Any) -> StackPlan:
    path = write(tmp_path, stack(**ABOVE | model))
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), "aws-test", repository)


def pod_of(endpoint: EndpointPlan) -> dict[str, Any]:
    images = PodImages(mux="dev.local/envoy:1.0.0", triton="dev.local/triton:1")
    body = endpoint_bodies(endpoint, images, "mux", kpa_annotations(endpoint))[-1]
    spec: dict[str, Any] = body["spec"]["template"]["spec"]
    return spec


def test_a_pod_goes_to_the_floor_while_it_has_room(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = planned(tmp_path, repository, mode="steady").endpoints
    pod = pod_of(endpoint)
    assert "nodeSelector" not in pod and pod["tolerations"][0]["key"] == "nvidia.com/gpu"
    affinity = pod["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "aigc/pool", "operator": "In", "values": ["floor", "spot"]}]
    preferred = [
        (one["weight"], one["preference"]["matchExpressions"][0]["values"])
        for one in affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    ]
    assert preferred == [(100, ["floor"]), (50, ["spot"])]


def test_replicas_may_fill_all_of_its_pools(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = planned(tmp_path, repository, mode="knative").endpoints
    assert (endpoint.pool, endpoint.overflow_pools, endpoint.scaling.max_replicas) == ("floor", ("spot",), 5)


def test_knative_is_told_to_take_such_a_pod(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository, mode="knative")
    assert knative_faults(pod_of(plan.endpoints[0]), plan.knative_features) == []
    features = {name: on for name, on in plan.knative_features.items() if not name.endswith("affinity")}
    assert knative_faults(pod_of(plan.endpoints[0]), features) == ["field affinity"]


@pytest.mark.parametrize("stack", ["aws-prod", "azure-prod", "gcp-prod"])
def test_in_production_the_floor_is_on_demand_and_never_grows(stack: str) -> None:
    """What is added is spot only because the floor cannot be: the autoscaler would take either."""
    plan = plan_of(stack)
    pools = {pool.name: pool for pool in plan.pools}
    gpt = next(endpoint for endpoint in plan.endpoints if endpoint.name == "gpt")
    assert gpt.pool is not None
    floor, (spot,) = pools[gpt.pool], (pools[name] for name in gpt.overflow_pools)
    assert floor.capacity == "on_demand" and floor.min_nodes == floor.max_nodes >= gpt.scaling.min_replicas
    assert spot.capacity == "spot" and spot.min_nodes == 0
    assert gpt.scaling.max_replicas == floor.max_nodes + spot.max_nodes
    assert set(floor.taints) | set(spot.taints) == set(gpt.tolerations)
    assert plan.cluster.deletion_protection and plan.cluster.nat_gateway_per_zone == (stack == "aws-prod")
    assert all(len(pool.zones) == 3 for pool in plan.pools)
    platform = pools["platform"]
    assert platform.min_nodes >= len(platform.zones), "one a zone, where on aws the disk of Prometheus lies"
