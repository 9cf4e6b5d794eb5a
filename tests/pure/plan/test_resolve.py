"""The rules that fill a plan, and that nothing but spec, catalog and repository shapes it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.versions import versions
from aigc.config.stack_file import parse_stack_file
from aigc.plan.content_hash import content_hash
from aigc.plan.names import cluster_name, physical
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import Autoscaler, ServingMode, StackPlan
from aigc.plan.text import render_text
from tests.pure.plan.stacks_for_tests import existing, gcp, local, write


def plan(tmp_path: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    path = write(tmp_path, stack)
    return resolve(parse_stack_file(path), path.name.split(".")[1], repository)


def test_batching_is_read_from_config_pbtxt(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = plan(tmp_path, repository, local(models={"batched": {}})).endpoints
    assert endpoint.batching.model_dump() == {
        "max_batch_size": 4,
        "dynamic": True,
        "max_queue_delay_us": 5000,
        "instances": 3,
    }
    assert endpoint.scaling.target_concurrency == 12


def test_without_a_dynamic_batcher_an_instance_works_on_one_request(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = plan(tmp_path, repository, local()).endpoints
    assert endpoint.batching.max_batch_size == 8
    assert endpoint.scaling.target_concurrency == 2


def test_companions_are_in_the_pod_and_in_its_memory(tmp_path: Path, repository: Path) -> None:
    (endpoint,) = plan(tmp_path, repository, local()).endpoints
    assert endpoint.models == ("tiny", "core")
    assert endpoint.resources.memory_mib == 100 + 100 + 256
    assert endpoint.resources.cpu_millicores == 400


def test_explicit_values_win(tmp_path: Path, repository: Path) -> None:
    asked = {
        "replicas": {"min": 2, "max": 7},
        "resources": {"memory_mib": 999, "cpu_millicores": 111},
        "scaling": {
            "target_concurrency": 5,
            "hard_concurrency": 6,
            "idle_seconds": 0,
            "progress_deadline_seconds": 77,
            "request_timeout_seconds": 88,
        },
    }
    (endpoint,) = plan(tmp_path, repository, local(models={"tiny": asked})).endpoints
    assert endpoint.resources.memory_mib == 999
    assert endpoint.resources.cpu_millicores == 111
    assert endpoint.scaling.model_dump() == asked["scaling"] | {
        "autoscaler": Autoscaler.KPA,
        "min_replicas": 2,
        "max_replicas": 7,
        "initial_replicas": 2,
    }


@pytest.mark.parametrize(
    ("replicas", "bounds", "autoscaler"),
    [
        ({}, (1, 1), Autoscaler.NONE),
        ({"min": 3}, (3, 3), Autoscaler.NONE),
        ({"min": 2, "max": 2}, (2, 2), Autoscaler.NONE),
        ({"max": 4}, (1, 4), Autoscaler.KEDA),
        ({"min": 2, "max": 5}, (2, 5), Autoscaler.KEDA),
    ],
)
def test_a_steady_endpoint_follows_its_queue_when_it_may(
    tmp_path: Path, repository: Path, replicas: dict[str, int], bounds: tuple[int, int], autoscaler: Autoscaler
) -> None:
    result = plan(tmp_path, repository, local(models={"tiny": {"mode": "steady", "replicas": replicas}}))
    scaling = result.endpoints[0].scaling
    assert (scaling.min_replicas, scaling.max_replicas) == bounds
    assert scaling.autoscaler is autoscaler
    needed = autoscaler is Autoscaler.KEDA
    assert ("keda" in {component.name for component in result.components}) is needed
    assert ("keda" in {namespace.name for namespace in result.namespaces}) is needed
    assert ("keda-operator" in result.images) is needed


def test_keda_comes_as_a_chart_where_components_do(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gcp(models={"tiny": {"mode": "steady", "replicas": {"max": 2}}}))
    (keda,) = [component for component in result.components if component.name == "keda"]
    assert keda.chart == "keda" and keda.repository and keda.manifest_sha256 is None
    assert "keda-operator" not in result.images, "the chart brings its own"


@pytest.mark.parametrize(
    ("traffic", "mode"),
    [
        (None, ServingMode.KNATIVE),
        ({"requests_per_second": 40}, ServingMode.STEADY),
        ({"requests_per_second": 40, "peak_factor": 3}, ServingMode.KNATIVE),
        ({"requests_per_second": 0.1}, ServingMode.KNATIVE),
    ],
)
def test_auto(tmp_path: Path, repository: Path, traffic: dict[str, float] | None, mode: ServingMode) -> None:
    model = {"traffic": traffic} if traffic else {}
    assert plan(tmp_path, repository, local(models={"tiny": model})).endpoints[0].mode is mode


def test_an_accelerator_pool_is_tolerated_requested_and_selected(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gcp())
    (endpoint,), pool = result.endpoints, result.pools[1]
    assert (endpoint.pool, endpoint.resources.accelerators) == ("l4", 1)
    assert endpoint.resources.resource_key == pool.resource_key == pool.taints[0].key == "nvidia.com/gpu"
    assert endpoint.tolerations == pool.taints
    assert endpoint.node_selector.items() <= pool.labels.items()
    assert endpoint.scaling.max_replicas == 2
    assert "kubernetes.podspec-tolerations" in result.knative_features
    assert "kubernetes.podspec-nodeselector" in result.knative_features


def test_features_come_from_knative_endpoints_only(tmp_path: Path, repository: Path) -> None:
    steady = plan(tmp_path, repository, gcp(models={"tiny": {"mode": "steady"}}))
    assert steady.knative_features == {}
    assert "kubernetes.podspec-tolerations" not in plan(tmp_path, repository, local()).knative_features


def test_an_existing_cluster_gets_the_resource_key_without_a_pool(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, existing(models={"tiny": {"accelerators": ["nvidia-l4"]}}))
    (endpoint,) = result.endpoints
    assert (endpoint.pool, endpoint.resources.resource_key) == (None, "nvidia.com/gpu")
    assert endpoint.source.image.startswith("registry.example/aigc/triton-tiny:")
    assert all(image.startswith("registry.example/aigc/") for image in result.images.values())


def test_cost_is_an_interval_with_its_gaps(tmp_path: Path, repository: Path) -> None:
    cost = plan(tmp_path, repository, gcp()).cost
    nodes = sum(item.maximum.usd_per_month_high or 0 for item in cost.items if item.pool)
    # Nodes at most: one t2d-standard-8 and two L4 machines at the on-demand bound of 0.85362.
    assert nodes - cost.items[0].floor.usd_per_month_low == pytest.approx(2 * 0.85362 * 730, abs=0.02)
    assert "network egress" in cost.not_priced
    elsewhere = plan(tmp_path, repository, gcp(region="europe-west4")).cost
    assert elsewhere.usd_per_month_high is None
    assert any("priced only in us-central1" in gap for gap in elsewhere.not_priced)
    unpriced = plan(tmp_path, repository, local()).cost
    assert (unpriced.usd_per_month_low, unpriced.usd_per_month_high) == (0.0, None)


def test_a_plan_does_not_depend_on_place_or_environment(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan(tmp_path, repository, gcp())
    monkeypatch.chdir("/")
    for name in ("HOME", "USER", "KUBECONFIG", "TZ", "LANG"):
        monkeypatch.setenv(name, "elsewhere")
    after = plan(tmp_path, repository, gcp())
    assert after == before
    assert render_text(after) == render_text(before)
    copied = tmp_path / "another" / "place"
    shutil.copytree(repository, copied)
    assert plan(tmp_path, copied, gcp()) == before


def test_the_hash_is_that_of_the_bytes(tmp_path: Path, repository: Path) -> None:
    pins = {"triton": "1"}
    before = content_hash(repository, ["tiny", "core"], pins)
    assert content_hash(repository, ["core", "tiny"], pins) == before
    assert content_hash(repository, ["tiny", "core"], {"triton": "2"}) != before
    (repository / "tiny" / "1" / "__pycache__").mkdir()
    (repository / "tiny" / "1" / "__pycache__" / "model.pyc").write_bytes(b"x")
    assert content_hash(repository, ["tiny", "core"], pins) == before
    shared = tmp_path / "shared.py"
    shared.write_text((repository / "tiny" / "1" / "model.py").read_text())
    (repository / "tiny" / "1" / "model.py").unlink()
    (repository / "tiny" / "1" / "model.py").symlink_to(shared)
    assert content_hash(repository, ["tiny", "core"], pins) == before
    shared.write_text("# another model\n")
    assert content_hash(repository, ["tiny", "core"], pins) != before


def test_a_link_to_its_own_parent_ends(repository: Path) -> None:
    (repository / "tiny" / "1" / "loop").symlink_to(repository / "tiny")
    assert len(content_hash(repository, ["tiny"], {})) == 12


def test_names_are_short_stable_and_different() -> None:
    assert physical("short", 40) == "short"
    long, other = physical("x" * 60, 40), physical("x" * 61, 40)
    assert len(long) == len(other) == 40
    assert long != other
    assert cluster_name("gcp-dev") == "aigc-gcp-dev"


def test_the_text_holds_every_value(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gcp(models={"tiny": {"mode": "steady"}, "batched": {}}))
    text = render_text(result)
    for endpoint in result.endpoints:
        for value in (endpoint.host, endpoint.source.image, endpoint.source.content_hash, endpoint.mode.value):
            assert value in text
    for value in [*result.images.values(), *result.knative_features, *(one.version for one in result.components)]:
        assert value in text


def test_local_images_are_every_role_but_the_cluster_s_own(tmp_path: Path, repository: Path) -> None:
    scaled = local(models={"tiny": {"mode": "steady", "replicas": {"max": 2}}})
    assert set(plan(tmp_path, repository, scaled).images) == set(versions().images) - {"pause"}
    without = plan(tmp_path, repository, local(monitoring={"enabled": False}))
    assert not any("prometheus" in role for role in without.images)
    assert not any("prometheus" in part.name for part in without.components)


@pytest.mark.parametrize(
    ("asked", "accelerators", "initial"),
    [
        ({}, ["cpu"], 1),
        ({}, ["nvidia-l4"], 0),
        ({"scaling": {"initial_replicas": 1}}, ["nvidia-l4"], 1),
        ({"scaling": {"initial_replicas": 0}}, ["cpu"], 0),
        ({"replicas": {"min": 2}, "scaling": {"initial_replicas": 0}}, ["nvidia-l4"], 2),
    ],
)
def test_a_new_version_proves_itself_where_that_costs_little(
    tmp_path: Path, repository: Path, asked: dict[str, Any], accelerators: list[str], initial: int
) -> None:
    model = {"mode": "knative", "accelerators": accelerators, **asked}
    (endpoint,) = plan(tmp_path, repository, existing(models={"tiny": model})).endpoints
    assert endpoint.scaling.initial_replicas == initial


PREDICTED = {"requests_per_second": 4, "p50_ms": 80, "p99_ms": 350.5}


@pytest.mark.parametrize(("rate", "replicas"), [(1, 1), (9, 3), (400, 5)])
def test_a_predicted_replica_says_how_many_the_traffic_needs(
    tmp_path: Path, repository: Path, rate: int, replicas: int
) -> None:
    traffic = {"requests_per_second": rate}
    asked = {"mode": "steady", "replicas": {"min": 1, "max": 5}, "traffic": traffic, "predicted": PREDICTED}
    found = plan(tmp_path, repository, local(models={"tiny": asked}))
    expected = found.endpoints[0].expected
    assert expected is not None
    assert (expected.min_replicas, expected.max_replicas) == (replicas, replicas)
    assert (expected.p50_ms, expected.p99_ms) == (80, 350.5)
    assert "p50 80 ms, p99 350.5 ms\n" in render_text(found)
