"""The dashboards as Grafana gets them: stable, complete, readable, and every query one that Prometheus takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.catalog import triton_metrics
from aigc.observability import metric_names
from aigc.observability.dashboards import dashboard_bodies, dashboards
from aigc.observability.grafana import grafana_values
from aigc.observability.metric_names import RequestSeries, gateway_series, queue_proxy_series
from aigc.observability.panels import GRID_COLUMNS
from aigc.observability.prometheus import chart_values
from aigc.observability.rules import rule_bodies
from aigc.plan.stack_plan import Autoscaler, MonitoringPlan, ServingMode, StackPlan
from aigc.plan.validation import plan_of
from tests.programs.graphs import STACKS
from tests.pure.observability.promtool import run
from tests.pure.program.plans import endpoint_plan, gcp_plan, keeping, local_plan
from tests.pure.program.pods import restricted_faults

HOURS = 24


def steady_plan() -> StackPlan:
    """A stack in which nothing counts requests: no gateway of its own, no queue-proxy."""
    return gcp_plan().model_copy(update={"endpoints": (endpoint_plan("steady", ServingMode.STEADY),)})


PLANS = {"local": local_plan(), "gcp": gcp_plan(), "steady": steady_plan(), **{name: plan_of(name) for name in STACKS}}
FUNCTIONS_AND_KEYWORDS = re.compile(r"\b(\w+ by|on) \([^)]*\)|\boffset \w+|\b\w+\s*\(|\b(or|and|unless|bool)\b")


@pytest.fixture(params=sorted(PLANS))
def plan(request: pytest.FixtureRequest) -> StackPlan:
    return PLANS[str(request.param)]


def pages(plan: StackPlan) -> list[dict[str, Any]]:
    return [json.loads(text) for body in dashboard_bodies(plan) for text in body["data"].values()]


def panels(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in page["panels"] if panel["type"] != "row"]


def queries(plan: StackPlan) -> Iterator[str]:
    """Every query with the variables filled in, as Prometheus gets it."""
    for page in pages(plan):
        for panel in panels(page):
            for target in panel["targets"]:
                yield target["expr"].replace("$endpoint", "gpt").replace("$__rate_interval", "1m")


def series_in(expression: str) -> set[str]:
    """Names of series in a query: what is left without matchers, ranges, functions, groupings and keywords."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]", "", expression)
    return set(re.findall(r"[a-zA-Z_:][\w:]*", FUNCTIONS_AND_KEYWORDS.sub(" ", bare)))


def known_series(plan: StackPlan) -> set[str]:
    """What `metric_names.py` and `triton_metrics.py` spell, and what the stack's own rules record."""
    spelled = [*vars(metric_names).values(), *vars(triton_metrics).values()]
    values = [value for value in spelled if isinstance(value, str | tuple)]
    names = {name for value in values for name in (value if isinstance(value, tuple) else (value,))}
    histogram = metric_names.HTTP_SERVER_SECONDS
    rules = [
        rule
        for body in rule_bodies(plan)
        for group in body["spec"]["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    return (
        {name for name in names if isinstance(name, str)}
        | {f"{histogram}_{part}" for part in ("bucket", "sum", "count")}
        | _series_of(gateway_series("gpt"))
        | _series_of(queue_proxy_series("gpt"))
        | {rule["record"] for rule in rules}
    )


def _series_of(series: RequestSeries) -> set[str]:
    selectors = (series.requests, series.errors, series.timed, series.time, series.bucket)
    return {selector.split("{")[0] for selector in selectors}


def test_two_builds_are_the_same_bytes(plan: StackPlan) -> None:
    assert dashboard_bodies(plan) == dashboard_bodies(plan)


def test_every_stack_has_the_pages_that_its_sources_can_fill(plan: StackPlan) -> None:
    uids = [page["uid"] for page in pages(plan)]
    knative = any(endpoint.mode is ServingMode.KNATIVE for endpoint in plan.endpoints)
    keda = any(endpoint.scaling.autoscaler is Autoscaler.KEDA for endpoint in plan.endpoints)
    expected = ["aigc-fleet", "aigc-model", "aigc-request-path", *(["aigc-autoscaling"] if knative else [])]
    expected += ["aigc-steady-scaling"] if keda else []
    assert uids == expected


def test_grafanas_sidecar_finds_each_page_under_a_name_of_its_own(plan: StackPlan) -> None:
    bodies = dashboard_bodies(plan)
    for body in bodies:
        assert body["metadata"]["labels"] == {"grafana_dashboard": "1"}
        assert body["metadata"]["namespace"] == "monitoring"
        assert sum(len(text.encode()) for text in body["data"].values()) < 1_000_000, "a ConfigMap holds 1 MiB"
    files = [name for body in bodies for name in body["data"]]
    assert len(files) == len(set(files)), "the sidecar writes all of them to one folder"


def test_every_page_has_what_people_and_links_rely_on(plan: StackPlan) -> None:
    for page in pages(plan):
        assert page["title"] and page["description"], page["uid"]
        assert page["tags"] == ["aigc"]
        assert page["refresh"] == "10s"
        variables = {variable["name"]: variable for variable in page["templating"]["list"]}
        assert variables["datasource"]["query"] == "prometheus"
        used = "$endpoint" in json.dumps(page["panels"])
        assert ("endpoint" in variables) is used
        if used:
            names = {endpoint.name for endpoint in plan.endpoints}
            assert set(variables["endpoint"]["query"].split(",")) <= names


def test_every_panel_says_what_it_shows(plan: StackPlan) -> None:
    for page in pages(plan):
        titles = [panel["title"] for panel in panels(page)]
        assert titles and len(titles) == len(set(titles)), page["uid"]
        for panel in panels(page):
            assert len(panel["description"]) > 80, f"{panel['title']}: what does a bad picture mean?"
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
            assert panel["targets"], panel["title"]
            for target in panel["targets"]:
                assert target["legendFormat"], panel["title"]


def test_panels_do_not_overlap_and_have_an_id_each(plan: StackPlan) -> None:
    for page in pages(plan):
        taken: dict[tuple[int, int], str] = {}
        for panel in page["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= GRID_COLUMNS, panel["title"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    assert (x, y) not in taken, f"{page['uid']}: {panel['title']} lies on {taken[x, y]}"
                    taken[x, y] = panel["title"]
        ids = [panel["id"] for panel in page["panels"]]
        assert len(ids) == len(set(ids))


def test_the_places_are_those_that_were_computed() -> None:
    # The builder moves what it takes for unplaced; nothing of ours may be.
    for value in dashboards(local_plan()):
        (page,) = [page for page in pages(local_plan()) if page["uid"] == value.uid]
        assert [panel["title"] for panel in panels(page)] == [panel.title for panel in value.panels]
        assert page["panels"][0]["gridPos"] == {"x": 0, "y": 0, "w": 24, "h": 1}


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{name.replace('-', '_')}:{number}", "expr": expression}
        for name, plan in PLANS.items()
        for number, expression in enumerate(queries(plan))
    ]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}), encoding="utf-8")
    done = run("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    path.write_text(path.read_text(encoding="utf-8").replace("histogram_quantile", "histogram_quantil"))
    assert run("check", "rules", str(path)).returncode != 0, "promtool would not see a mistake"


@pytest.mark.parametrize("hours", [1, HOURS, 240])
def test_no_query_names_a_series_that_nothing_exposes_or_records(plan: StackPlan, hours: int) -> None:
    kept = keeping(plan, hours)
    known = known_series(kept)
    for expression in queries(kept):
        found = series_in(expression)
        assert found, expression
        assert found <= known, f"{sorted(found - known)} in {expression}"


def test_where_nothing_counts_requests_there_is_no_picture_of_them() -> None:
    titles = {panel["title"] for page in pages(steady_plan()) for panel in panels(page)}
    assert "Replicas" in titles and "Time of a request inside Triton" in titles
    assert not {"Requests", "p99 latency", "p99 at each hop", "Requests that wait in the activator"} & titles


def test_the_gateway_is_asked_only_where_there_is_one() -> None:
    asked = {name: any("envoy_" in query for query in queries(plan)) for name, plan in PLANS.items()}
    assert asked["local"] and not asked["gcp"]
    assert any("nv_gpu_memory" in query for query in queries(gcp_plan()))
    assert not any("nv_gpu_memory" in query for query in queries(local_plan())), "no endpoint there has a GPU"


def test_an_activators_series_are_of_one_endpoint_only() -> None:
    pattern = re.search(r'kn_revision_name=~"([^"]*)"', metric_names.revision_matcher("gpt"))
    assert pattern is not None
    assert re.fullmatch(pattern[1], "gpt-00012") and not re.fullmatch(pattern[1], "gpt-handbook-00001")


def test_the_charts_grafana_is_restricted_and_its_password_is_not_ours() -> None:
    """The containers of Grafana's chart 12.11.1, the one inside kube-prometheus-stack 88.5.3: the server and sidecars.

    Its init containers are left out by these values: changing an owner runs as root, and there is no volume for it.
    """
    values = grafana_values()
    sidecar = values["sidecar"]["securityContext"]
    contexts = {"grafana": values["containerSecurityContext"], "sc-dashboard": sidecar, "sc-datasources": sidecar}
    pod = {
        "securityContext": values["securityContext"],
        "containers": [{"name": name, "securityContext": context} for name, context in contexts.items()],
        "volumes": [{"name": "storage", "emptyDir": {}}, {"name": "config", "configMap": {"name": "grafana"}}],
    }
    assert restricted_faults(pod) == []
    assert not values["initChownData"]["enabled"] and not values["persistence"]["enabled"]
    assert values["rbac"] == {"namespaced": True}
    assert "password" not in json.dumps(values).lower()
    assert chart_values(gcp_plan(), MonitoringPlan(retention_hours=HOURS), {})["grafana"] == values
