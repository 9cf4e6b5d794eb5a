"""The three forms of a report hold the same facts, and each keeps its own promises."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from scripts.engine.wire import UNKNOWN, secret
from scripts.preview import forms
from scripts.preview.changes import changes_since
from scripts.preview.placement import placements
from scripts.preview.report import StackReport, report_of
from scripts.preview.tree import by_layer, counts
from tests.pure.plan.stacks_for_tests import aws, existing, gcp, write
from tests.pure.preview.samples import config_map, gke_pool, graph, resource, urn

COMPONENT = "aigc:serving:Endpoint"
KEYS = {"stack", "counts", "by_type", "graph_sha256", "layers", "resources", "outputs", "cost", "quotas", "placement",
        "policy", "changes"}  # fmt: skip


def plan(folder: Path, models: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", models)


@pytest.fixture
def report(tmp_path: Path, repository: Path) -> StackReport:
    component = resource(COMPONENT, "gpt", {}, custom=False)
    inner = config_map("c", {"a": "1"}, parent=component.urn)
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": secret("hunter2")}
    hidden = resource("kubernetes:core/v1:Secret", "s", body)
    now = graph(component, inner, hidden, gke_pool(spot=False))
    made = replace(now, outputs={"password": secret("hunter2"), "address": UNKNOWN})
    traffic = {"accelerators": ["nvidia-l4"], "traffic": {"requests_per_second": 5.0, "peak_factor": 2.0}}
    return report_of(
        made, plan(tmp_path, repository, gcp(models={"tiny": traffic})), changes_since("main", graph(gke_pool()), made)
    )


def test_a_comment_is_found_again_by_its_first_line(report: StackReport) -> None:
    both = forms.markdown([report, report])
    assert both.startswith(f"{forms.MARKER}\n")
    assert both.count(forms.MARKER) == 1 and both.count("### Stack") == 2
    assert both.count("<details>") == both.count("</details>") > 0
    assert both.count("```") % 2 == 0


def test_secrets_are_in_no_form(report: StackReport) -> None:
    for form in (forms.text, forms.markdown, forms.as_json):
        assert "hunter2" not in form([report])
        assert UNKNOWN not in form([report])


def test_every_form_says_why_something_is_replaced(report: StackReport) -> None:
    for form in (forms.text, forms.markdown):
        assert "nodeConfig.spot: True -> False (forces replacement" in form([report])
        assert "2 added" not in form([report])
        assert "1 replaced" in form([report])
    changed = json.loads(forms.as_json([report]))["stacks"][0]["changes"]["changed"]
    (pool,) = [item for item in changed if item["effect"] == "replaced"]
    assert pool["reasons"][0]["path"] == "nodeConfig.spot"


def test_json_has_its_keys_and_only_those(report: StackReport) -> None:
    content = json.loads(forms.as_json([report]))
    assert set(content) == {"version", "stacks"}
    (stack,) = content["stacks"]
    assert set(stack) == KEYS
    assert stack["quotas"][0]["region"] == "us-central1"
    assert {"floor", "at_plan", "maximum", "not_priced", "inferences"} <= set(stack["cost"])
    without = json.loads(forms.as_json([StackReport(report.graph, None, None)]))["stacks"][0]
    assert set(without) == KEYS
    assert (without["cost"], without["changes"], without["placement"]) == (None, None, None)


def test_money_is_said_with_what_it_leaves_out(report: StackReport) -> None:
    for form in (forms.text, forms.markdown):
        said = form([report])
        assert "for what is priced" in said and "not priced: " in said and "per million requests" in said


def test_prices_of_long_ago_are_told(report: StackReport) -> None:
    assert report.plan is not None
    cost = report.plan.cost
    (item, *others) = cost.items
    old = cost.model_copy(update={"items": (item.model_copy(update={"price_date": "2020-01-01"}), *others)})
    aged = replace(report, plan=report.plan.model_copy(update={"cost": old}))
    for form in (forms.text, forms.markdown):
        assert "days old" not in form([report])
        assert "days old: `python -m scripts pin --prices --cloud gcp --region us-central1`" in form([aged])


def test_a_broken_rule_refuses_and_says_the_way_out(report: StackReport) -> None:
    assert report.refused  # the samples lie in no component of ours
    assert "✗ broken: parents-are-components" in forms.text([report])
    assert "make it a child: parent=self" in forms.markdown([report])
    rules = json.loads(forms.as_json([report]))["stacks"][0]["policy"]
    assert rules["refused"] and any(rule["broken"] for rule in rules["rules"])


def test_resources_stand_by_layer(report: StackReport) -> None:
    layers = by_layer(report.graph)
    assert list(layers) == ["serving"]
    assert layers["serving"][0].kinds == {"ConfigMap": 1}
    assert counts(report.graph)["kubernetes_objects"] == 2
    assert urn(COMPONENT, "gpt") in report.graph.by_urn()


def test_a_replica_is_held_against_its_node(tmp_path: Path, repository: Path) -> None:
    models = {"tiny": {"accelerators": ["nvidia-l4"]}, "batched": {"accelerators": ["cpu"]}}
    l4, cpu = placements(plan(tmp_path, repository, aws(models=models)))
    assert (l4.pool, l4.machine_type, l4.accelerators, l4.allocatable_accelerators) == ("l4", "g6.2xlarge", 1, 1)
    assert (cpu.pool, cpu.accelerator, cpu.accelerators) == ("platform", None, 0)
    for row in (l4, cpu):
        assert (
            row.allocatable_memory_mib is not None and 0 < row.memory_mib < row.allocatable_memory_mib < 16 * 1024 * 2
        )
        assert row.allocatable_cpu_millicores is not None and row.cpu_millicores < row.allocatable_cpu_millicores < 8000


def test_on_a_cluster_of_somebody_nodes_are_not_known(tmp_path: Path, repository: Path) -> None:
    (row,) = placements(plan(tmp_path, repository, existing()))
    assert (row.pool, row.allocatable_memory_mib) == (None, None)
    assert row.cells()[-2].endswith(" of ?")
