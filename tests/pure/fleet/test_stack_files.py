"""`plan --workload FILE --stack-file OUT`: what is written is a stack, and what cannot be one is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY, PROJECT_ROOT, stack_of
from aigc.plan.expected import devices_of
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.stack_parts import stackable_fleet
from aigc.plan.resolve import resolve
from aigc.plan.room import requests_of_pod, room_of_node
from aigc.plan.stack_plan import EndpointPlan, PoolPlan, StackPlan
from aigc.plan.validation import stack_file_faults
from scripts.__main__ import main
from tests.pure.fleet.examples import LARGE, SMALL, fleet, half_full, machine, model, served

EXAMPLE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docs" / "examples" / "stack.yaml").read_text())
HANDBOOK = {**EXAMPLE["models"][0], "name": "book", "repository_model": "gpt_handbook", "requests_per_second": 20}
OF_AWS = {
    "account": "111122223333",
    "zones": ["us-east-1a", "us-east-1b"],
    "registry": "registry.example/aigc",
    "pools": {"platform": {"machine_type": "c7i.2xlarge", "min_nodes": 1}},
}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule in place of the queue, which takes half a second for each rate."""
    monkeypatch.setattr("aigc.plan.fleet.queue_rate.largest_rate", half_full)


def workload(folder: Path, **changed: Any) -> Path:
    path = folder / "peak.json"
    path.write_text(json.dumps(copy.deepcopy(EXAMPLE) | changed))
    return path


def asked(path: Path, out: Path, *more: str) -> int:
    return main(["plan", "--workload", str(path), "--stack-file", str(out), *more])


def planned(path: Path) -> StackPlan:
    assert stack_file_faults(path) == []
    return resolve(parse_stack_file(path), stack_of(path), MODEL_REPOSITORY)


def replicas_of_node(plan: StackPlan, pool: PoolPlan, endpoint: EndpointPlan) -> int:
    """Replicas that a node holds, by its processors, its memory and its devices."""
    requested = (*requests_of_pod(endpoint), endpoint.resources.accelerators)
    there = (*room_of_node(plan, pool), devices_of(pool))
    return min(room // each for room, each in zip(there, requested, strict=True) if room is not None and each)


@pytest.mark.parametrize("survive", ["nothing", "machine", "zone"])
def test_the_stack_has_the_machines_of_the_answer_and_they_hold_its_replicas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], survive: str
) -> None:
    path = workload(tmp_path, survive=survive, zones=3)
    stacks = copy.deepcopy(EXAMPLE["stacks"])
    stacks["gcp"]["zones"] = [f"us-central1-{letter}" for letter in "abc"]
    path = workload(tmp_path, survive=survive, zones=3, stacks=stacks)
    assert asked(path, tmp_path, "--format", "json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["stack_files"] == [str(tmp_path / "Pulumi.gcp-peak.yaml")]
    plan = planned(tmp_path / "Pulumi.gcp-peak.yaml")
    pools = [pool for pool in plan.pools if pool.accelerator]
    rented = [(one["machine_type"], one["capacity"], one["count"]) for one in answer["machines"]]
    assert [(pool.machine_type, pool.capacity, pool.max_nodes) for pool in pools] == rented
    (endpoint,) = plan.endpoints
    count = sum(one["count"] for one in answer["replicas"])
    assert (endpoint.scaling.max_replicas, endpoint.mode, endpoint.slo.p99_ms) == (count, "steady", 250)
    assert sum(pool.max_nodes * replicas_of_node(plan, pool, endpoint) for pool in pools) >= count
    assert endpoint.scaling.min_replicas <= sum(
        pool.min_nodes * replicas_of_node(plan, pool, endpoint) for pool in pools
    )
    assert endpoint.batching.max_batch_size == answer["replicas"][0]["max_batch"]
    assert (endpoint.batching.instances, endpoint.batching.max_queue_delay_us) == (1, 0)
    assert endpoint.expected is not None and endpoint.expected.p99_ms is not None
    assert endpoint.expected.p99_ms == pytest.approx(max(one["p99_ms"] for one in answer["replicas"]), rel=1e-3)


def test_below_the_peak_replicas_may_go(tmp_path: Path) -> None:
    flat, peaked = copy.deepcopy(EXAMPLE["models"]), copy.deepcopy(EXAMPLE["models"])
    flat[0]["peak_factor"] = 1
    bounds = []
    for models in (flat, peaked):
        assert asked(workload(tmp_path, models=models), tmp_path, "--overwrite") == 0
        plan = planned(tmp_path / "Pulumi.gcp-peak.yaml")
        bounds.append((plan.endpoints[0].scaling.min_replicas, plan.endpoints[0].scaling.max_replicas))
    assert bounds[0][0] == bounds[0][1] == bounds[1][1] > bounds[1][0] >= 1


def test_a_file_that_is_there_stays_unless_it_is_to_be_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "Pulumi.gcp-mine.yaml"
    out.write_text("mine")
    assert asked(workload(tmp_path), out) == 2
    assert "add --overwrite" in capsys.readouterr().err and out.read_text() == "mine"
    assert asked(workload(tmp_path), out, "--overwrite") == 0
    assert planned(out).stack == "gcp-mine"


def test_each_cloud_gets_a_stack_and_one_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = [
        {**EXAMPLE["models"][0], "accelerators": ["nvidia-l4"]},
        {**HANDBOOK, "accelerators": ["nvidia-t4"]},
    ]
    clouds = {"gcp": ["us-central1"], "aws": ["us-east-1"]}
    path = workload(tmp_path, models=models, clouds=clouds, stacks=EXAMPLE["stacks"] | {"aws": OF_AWS})
    assert asked(path, tmp_path / "Pulumi.gcp-one.yaml") == 2
    assert "the answer is in aws and gcp" in " ".join(capsys.readouterr().err.split())
    assert asked(path, tmp_path) == 0
    served_by = {cloud: planned(tmp_path / f"Pulumi.{cloud}-peak.yaml").endpoints for cloud in ("aws", "gcp")}
    assert {cloud: [one.name for one in found] for cloud, found in served_by.items()} == {
        "aws": ["gpt-handbook"],
        "gcp": ["gpt"],
    }


GPT: dict[str, Any] = EXAMPLE["models"][0]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"models": [{**GPT, "max_batch": 9}]}, "models[0].max_batch is 9, and config.pbtxt of gpt allows 8"),
    ({"models": [GPT, {**GPT, "name": "again"}]}, "gpt is served for models[0] already"),
    ({"stacks": {}}, "stack gcp-peak (its own keys are in stacks.gcp): project is missing"),
    ({"stacks": {"gcp": {"region": "x"}}}, "stacks.gcp.region is what the answer says"),
    ({"models": [{**GPT, "folder": "gpt"}]}, "models[0].folder is said by repository_model too"),
]


@pytest.mark.parametrize(("changed", "said"), REFUSED)
def test_what_is_no_stack_is_refused_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, Any], said: str
) -> None:
    assert asked(workload(tmp_path, **changed), tmp_path) == 2
    told = " ".join(capsys.readouterr().err.split()).replace(" ", "")
    assert said.replace(" ", "") in told
    assert not list(tmp_path.glob("Pulumi.*"))


def test_a_model_without_a_folder_is_no_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = PROJECT_ROOT / "docs" / "examples" / "fleet.yaml"
    assert asked(example, tmp_path) == 2
    assert "chat has no folder in model_repository/" in " ".join(capsys.readouterr().err.split())


def test_a_question_that_is_not_of_a_fleet_has_no_stack_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--stack-file", str(tmp_path)]) == 2
    assert "add --workload FILE" in capsys.readouterr().err
    assert asked(PROJECT_ROOT / "docs" / "examples" / "workload.json", tmp_path) == 2
    assert asked(workload(tmp_path), tmp_path / "named-otherwise.yaml") == 2
    assert asked(workload(tmp_path), tmp_path, "--since", str(tmp_path)) == 2


def test_of_several_kinds_one_stays_and_the_bound_is_that_of_all() -> None:
    rows = [machine(SMALL, 1.0), machine(LARGE, 2.0)]
    one_large = fleet(model(rate=1.0, one_endpoint=True))
    alone = cheapest_fleet(one_large, served(one_large), half_full, rows[1:])
    assert isinstance(alone, FleetPlan)
    # A little more than a large one serves: a small one beside it is cheaper than a second.
    more = fleet(model(rate=1.05 * alone.replicas[0].requests_per_second, one_endpoint=True))
    free = cheapest_fleet(more, served(more), half_full, rows)
    one = stackable_fleet(more, served(more), half_full, rows)
    assert isinstance(free, FleetPlan) and isinstance(one, FleetPlan)
    assert {placed.accelerator_id for placed in free.replicas} == {SMALL, LARGE}
    assert len({placed.accelerator_id for placed in one.replicas}) == 1
    assert one.least_usd_per_hour == free.least_usd_per_hour <= one.usd_per_hour
