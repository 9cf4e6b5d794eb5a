"""What a cold start takes follows from where the next replica would land; its deadline follows from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from aigc.catalog import cold_start as catalog
from aigc.config.stack_file import parse_stack_file
from aigc.plan.cold_start import deadline_seconds
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import ColdStartPlan, StackPlan
from aigc.plan.text import render_text
from scripts.verbs import validate
from tests.pure.plan.stacks_for_tests import aws, azure, gcp, local, write

POOLS = {
    "platform": {"machine_type": "t2d-standard-8", "min_nodes": 1, "max_nodes": 3},
    "l4": {"machine_type": "g2-standard-8", "max_nodes": 4},
}


def plan(tmp_path: Path, repository: Path, spec: dict[str, Any]) -> StackPlan:
    path = write(tmp_path, spec)
    return resolve(parse_stack_file(path), path.name.split(".")[1], repository)


def budget(tmp_path: Path, repository: Path, spec: dict[str, Any]) -> ColdStartPlan:
    """Of the only endpoint of a stack."""
    found = plan(tmp_path, repository, spec).endpoints[0].cold_start
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("spec", "node", "driver", "image"),
    [
        (gcp(models={"tiny": {"accelerators": ["nvidia-l4"]}}), 420, 180, 600),
        (azure(models={"tiny": {"accelerators": ["nvidia-t4"]}}), 420, 180, 600),
        (aws(models={"tiny": {"accelerators": ["nvidia-l4"]}}), 420, 0, 600),
        (gcp(pools={"platform": POOLS["platform"]}), 0, 0, 600),
        (gcp(pools={"platform": POOLS["platform"]}, models={"tiny": {"replicas": {"min": 1}}}), 300, 0, 600),
        (local(), 0, 0, 0),
    ],
)
def test_a_pool_from_zero_costs_a_node_and_what_its_cloud_installs_on_it(
    tmp_path: Path, repository: Path, spec: dict[str, Any], node: int, driver: int, image: int
) -> None:
    found = budget(tmp_path, repository, spec)
    assert (found.node_seconds, found.driver_seconds, found.image_seconds) == (node, driver, image)
    parts = (node, driver, image, found.files_seconds, found.server_seconds)
    assert found.total_seconds == sum(parts)


@pytest.mark.parametrize(
    ("nodes", "model", "node_comes"),
    [
        ({"min_nodes": 1, "max_nodes": 4}, {}, False),
        ({"min_nodes": 2, "max_nodes": 4}, {"replicas": {"min": 1}}, False),
        ({"min_nodes": 2, "max_nodes": 4}, {"replicas": {"min": 2}}, True),
        ({"min_nodes": 2, "max_nodes": 2}, {"replicas": {"min": 2}}, False),
        ({"min_nodes": 0, "max_nodes": 4}, {}, True),
    ],
)
def test_a_node_that_is_kept_counts_only_where_it_has_room_for_another_replica(
    tmp_path: Path, repository: Path, nodes: dict[str, int], model: dict[str, Any], node_comes: bool
) -> None:
    pools = {**POOLS, "l4": {"machine_type": "g2-standard-8", **nodes}}
    asked = {"accelerators": ["nvidia-l4"], **model}
    found = budget(tmp_path, repository, gcp(pools=pools, models={"tiny": asked}))
    assert (found.node_seconds > 0) is node_comes
    assert (found.driver_seconds > 0) is node_comes


def test_files_take_their_bytes_over_the_assumed_bandwidth(tmp_path: Path, repository: Path) -> None:
    with (repository / "tiny" / "1" / "weights.bin").open("wb") as file:
        file.truncate((catalog.MODEL_MIB_PER_SECOND * 30 + 1) * 2**20)
    found = budget(tmp_path, repository, local())
    assert found.files_seconds == 31, "a second that is begun counts"


@pytest.mark.parametrize(
    ("node_seconds", "files_seconds", "deadline"),
    [(0, 0, 600), (420, 100, 1680), (420, 101, 1740), (420, 7000, 7200)],
)
def test_the_deadline_has_headroom_in_whole_minutes_and_bounds(
    node_seconds: int, files_seconds: int, deadline: int
) -> None:
    image = 600 if node_seconds else 0
    parts = {"node_seconds": node_seconds, "driver_seconds": 0, "image_seconds": image, "server_seconds": 0}
    assert deadline_seconds(ColdStartPlan(**parts, files_mib=1, files_seconds=files_seconds)) == deadline


def test_a_plan_shows_the_parts_and_the_deadline_of_the_stack_file_wins(tmp_path: Path, repository: Path) -> None:
    asked = {"accelerators": ["nvidia-l4"], "scaling": {"progress_deadline_seconds": 900}}
    found = plan(tmp_path, repository, gcp(models={"tiny": asked}))
    assert found.endpoints[0].scaling.progress_deadline_seconds == 900
    assert "420 s a node + 180 s its driver + 600 s the image" in render_text(found)


def test_validate_warns_of_a_deadline_shorter_than_the_budget_and_refuses_nothing(tmp_path: Path) -> None:
    asked = {"accelerators": ["nvidia-l4"], "scaling": {"progress_deadline_seconds": 900}}
    path = write(tmp_path, gcp(models={"gpt": asked}), "gcp-dev")
    app = typer.Typer()
    validate.register(app)
    app.command("other")(lambda: None)  # with one command alone Typer drops its name
    done = CliRunner().invoke(app, ["validate", "--file", str(path), "--format", "json"])
    assert done.exit_code == 0, done.output
    (warning,) = json.loads(done.stdout)["warnings"]
    assert warning["where"].endswith("aigc:stack.models.gpt.scaling.progress_deadline_seconds")
    assert warning["problem"].startswith("900 s, and a cold start may take ")
    told = CliRunner().invoke(app, ["validate", "--file", str(path)])
    assert told.exit_code == 0
    assert "! " in told.stderr
