"""A cloud more is one folder: a skeleton of it gets a plan, its machines a row each, and a whole graph."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aigc.clouds
from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import adapter_for, registered_clouds
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from aigc.policy.judge import judge
from scripts.capacity.contract import open_cloud
from scripts.capacity.facts import Deadline
from scripts.preview.placement import placements
from scripts.preview.policy_view import stack_view
from tests.pure.catalog.more_rows import catalog_with
from tests.pure.plan.stacks_for_tests import add_model, write
from tests.pure.program.graphs import build, graph_of

SKELETON = '''"""Nimbus: a cluster that its console makes, described by a kubeconfig."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.clouds.kubeconfig import cluster_of_kubeconfig
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class Nimbus:
    """One region."""

    cloud: Cloud = Cloud("nimbus")
    inabilities: tuple[Inability, ...] = (Inability("node pools", "Its pools are made by hand"),)

    def network(self, plan: StackPlan) -> NetworkHandle:
        """The cluster's own."""
        return NetworkHandle()

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The one of the kubeconfig."""
        return cluster_of_kubeconfig(plan)


ADAPTER = Nimbus()
'''
ROWS = "\n".join(
    f"- {{cloud: nimbus, machine_type: {name}, vcpus: 8, memory_gib: 32, {carried}, usd_per_hour_on_demand: {usd}, "
    "price_region: north-1, status: current, source: [S1]}"
    for name, carried, usd in (
        ("plain-8", "accelerator: null, accelerator_id: null, k8s_resource: cpu", 0.5),
        ("l4-8", "accelerator: NVIDIA L4, accelerator_id: nvidia-l4, accelerator_count: 1, "
         "k8s_resource: nvidia.com/gpu", 1.0),
    )
)  # fmt: skip


@pytest.fixture
def nimbus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The folder, beside those of the other clouds, and two rows of the catalog."""
    folder = tmp_path / "clouds" / "nimbus"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(SKELETON)
    monkeypatch.setattr(aigc.clouds, "__path__", [*aigc.clouds.__path__, str(folder.parent)])
    with catalog_with(monkeypatch, tmp_path, machines=ROWS):
        yield
    sys.modules.pop("aigc.clouds.nimbus", None)


def stack(**more: Any) -> dict[str, Any]:
    pools = {"platform": {"machine_type": "plain-8", "min_nodes": 1}, "l4": {"machine_type": "l4-8", "max_nodes": 2}}
    asked = {"cloud": "nimbus", "region": "north-1", "registry": "registry.example/aigc", "pools": pools}
    return asked | {"models": {"tiny": {"accelerators": ["nvidia-l4"]}}} | more


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    add_model(tmp_path / "models", "tiny")
    return tmp_path / "models"


def planned(folder: Path, repository: Path) -> StackPlan:
    path = write(folder, stack())
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), "nimbus-test", repository)


@pytest.mark.usefixtures("nimbus")
def test_it_is_found_by_its_folder_alone() -> None:
    assert "nimbus" in registered_clouds()
    assert adapter_for(Cloud("nimbus")).cloud == "nimbus"
    assert "nimbus" not in list(Cloud), "what checks know of is another list"


@pytest.mark.usefixtures("nimbus")
def test_its_stack_has_a_plan(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository)
    (placed,) = placements(plan)
    assert (placed.pool, placed.accelerator, placed.accelerators) == ("l4", "nvidia-l4", 1)
    assert plan.cost.usd_per_month_high == pytest.approx((0.5 + 2 * 1.0) * 730)
    assert plan.cost.not_priced == ("everything beside the nodes",)
    assert "cloud                                nimbus" in render_text(plan)


@pytest.mark.usefixtures("nimbus")
def test_the_program_makes_it_as_any_other(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository)
    graph = graph_of(lambda: build(plan), plan.stack)
    kinds = {item.inputs["kind"] for item in graph.kubernetes_objects()}
    assert {"Namespace", "NetworkPolicy", "Service", "PrometheusRule"} <= kinds
    assert [verdict.rule.name for verdict in judge(stack_view(graph)) if verdict.broken] == []


@pytest.mark.usefixtures("nimbus")
@pytest.mark.parametrize(
    ("more", "where", "problem"),
    [
        ({"region": None}, "region", "is missing; cloud nimbus needs one"),
        ({"project": "some-project"}, "project", "means nothing on cloud nimbus"),
        ({"models": {"tiny": {"mode": "managed"}}}, "models.tiny.mode", "managed is not available yet on nimbus"),
        ({"models": {"tiny": {"source": {"kind": "bucket"}}}}, "source.kind", "bucket is not available yet on nimbus"),
        ({"models": {"tiny": {"accelerators": ["tpu-v4"]}}}, "accelerators[0]", "nimbus does not sell tpu-v4"),
    ],
)
def test_what_it_has_not_is_refused_as_elsewhere(
    tmp_path: Path, repository: Path, more: dict[str, Any], where: str, problem: str
) -> None:
    asked = {key: value for key, value in stack(**more).items() if value is not None}
    found = stack_file_faults(write(tmp_path, asked), repository)
    assert any(one.where.endswith(where) and problem in one.problem and one.way_out for one in found), found


@pytest.mark.usefixtures("nimbus")
def test_what_it_has_left_nobody_can_ask_yet(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(UserError, match="cloud nimbus cannot be asked yet"):
        open_cloud(planned(tmp_path, repository), Deadline(1.0))


def test_without_its_folder_there_is_no_such_cloud(tmp_path: Path, repository: Path) -> None:
    (fault,) = stack_file_faults(write(tmp_path, stack()), repository)
    assert fault.where.endswith("aigc:stack.cloud") and "none of the known words" in fault.problem
