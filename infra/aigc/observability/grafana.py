"""Dashboards as Grafana reads them, and Grafana itself where it comes with the chart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueTextMode,
    LegendDisplayMode,
    LegendPlacement,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    Threshold,
    VariableOption,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.cluster.pod_security import container_security_context, pod_security_context
from aigc.observability.monitors import SCRAPE_INTERVAL
from aigc.observability.panels import Dashboard, Panel, Position, Query, Shape, positions

LABEL = "grafana_dashboard"
LABEL_VALUE = "1"
"""The chart's sidecar gives Grafana every ConfigMap that is labelled so."""
TAG = "aigc"
REFRESH = SCRAPE_INTERVAL
"""There is nothing new to see more often."""

_DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
_UID = 472
"""The user that Grafana's image was made for."""


def dashboard_json(dashboard: Dashboard) -> str:
    """The dashboard, the same bytes each time."""
    page = (
        build.Dashboard(dashboard.title)
        .uid(dashboard.uid)
        .description(dashboard.description)
        .tags([TAG])
        .refresh(REFRESH)
        .time("now-1h", "now")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(_link_to_the_others())
        .with_variable(_datasource_variable())
    )
    if dashboard.endpoints:
        page.with_variable(_endpoint_variable(dashboard.endpoints))
    number = 0
    for row, (heading, placed) in zip(dashboard.rows, positions(dashboard.rows), strict=True):
        number += 1
        page.with_row(build.Row(row.title).id(number).grid_pos(_grid(heading)))
        for panel, position in zip(row.panels, placed, strict=True):
            number += 1
            page.with_panel(_panel(panel).id(number).grid_pos(_grid(position)))
    return json.dumps(page.build(), cls=JSONEncoder, sort_keys=True, ensure_ascii=False, indent=1)


def dashboard_body(dashboard: Dashboard) -> Body:
    """The ConfigMap of a dashboard; the key is a file's name in one folder for all of them."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": f"dashboard-{dashboard.uid}",
            "namespace": MONITORING_NAMESPACE,
            "labels": {LABEL: LABEL_VALUE},
        },
        "data": {f"{dashboard.uid}.json": dashboard_json(dashboard)},
    }


def _link_to_the_others() -> build.DashboardLink:
    others = build.DashboardLink("aigc").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return others.as_dropdown(False).include_vars(True).keep_time(True)


def _datasource_variable() -> build.DatasourceVariable:
    default = VariableOption(selected=True, text="default", value="default")
    return build.DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(default)


def _endpoint_variable(endpoints: Sequence[str]) -> build.CustomVariable:
    options = [VariableOption(selected=name == endpoints[0], text=name, value=name) for name in endpoints]
    variable = build.CustomVariable("endpoint").label("Endpoint").values(",".join(endpoints))
    return variable.options(options).current(options[0])


def _grid(position: Position) -> GridPos:
    return GridPos(h=position.height, w=position.width, x=position.x, y=position.y)


def _panel(panel: Panel) -> timeseries.Panel | stat.Panel | heatmap.Panel:
    drawn: timeseries.Panel | stat.Panel | heatmap.Panel
    if panel.shape is Shape.NUMBERS:
        drawn = _numbers(panel)
    elif panel.shape is Shape.HEATMAP:
        # The buckets are counted by Prometheus.
        drawn = heatmap.Panel().calculate(False).y_axis(heatmap.YAxisConfig().unit(panel.unit.value)).show_legend()
    else:
        drawn = _lines(panel)
    drawn.title(panel.title).description(panel.description).unit(panel.unit.value).datasource(_DATASOURCE)
    for number, query in enumerate(panel.queries):
        drawn.with_target(_target(query, chr(ord("A") + number), panel.shape))
    return drawn


def _numbers(panel: Panel) -> stat.Panel:
    last = ReduceDataOptions().calcs(["lastNotNull"])
    drawn = stat.Panel().reduce_options(last).text_mode(BigValueTextMode.VALUE_AND_NAME)
    return drawn.color_mode(BigValueColorMode.VALUE).thresholds(_thresholds(panel))


def _lines(panel: Panel) -> timeseries.Panel:
    legend = VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    return timeseries.Panel().legend(legend.placement(LegendPlacement.BOTTOM)).thresholds(_thresholds(panel))


def _thresholds(panel: Panel) -> build.ThresholdsConfig:
    if panel.bad_below is not None:
        steps = [Threshold(color="red"), Threshold(value=panel.bad_below, color="green")]
    elif panel.bad_from is not None:
        steps = [Threshold(color="green"), Threshold(value=panel.bad_from, color="red")]
    else:
        steps = [Threshold(color="blue")]
    return build.ThresholdsConfig().steps(steps)


def _target(query: Query, reference: str, shape: Shape) -> prometheus.Dataquery:
    form = PromQueryFormat.HEATMAP if shape is Shape.HEATMAP else PromQueryFormat.TIME_SERIES
    target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(reference)
    return target.format(form).range().datasource(_DATASOURCE)


def grafana_values() -> dict[str, Any]:
    """Grafana of the chart: under Pod Security `restricted`, with rights in its own namespace only.

    The chart makes the administrator's password itself, so that no plan holds one.
    """
    return {
        "enabled": True,
        # The chart's own are about the cluster's control plane, of which nothing is scraped.
        "defaultDashboardsEnabled": False,
        "securityContext": pod_security_context(_UID),
        "containerSecurityContext": container_security_context(),
        # It runs as root to give away a volume that there is not: dashboards come from ConfigMaps, nothing is kept.
        "initChownData": {"enabled": False},
        "persistence": {"enabled": False},
        "rbac": {"namespaced": True},
        "sidecar": _sidecar_values(),
        # A scrape of Grafana, and a pod for `helm test`, would need flows that nobody else does.
        "serviceMonitor": {"enabled": False},
        "testFramework": {"enabled": False},
        # Nothing of ours may leave the cluster, so asking for updates and plugins would only wait for its timeout.
        "grafana.ini": {
            "analytics": {"check_for_updates": False, "check_for_plugin_updates": False, "reporting_enabled": False},
            "plugins": {"preinstall_disabled": True},
        },
    }


def _sidecar_values() -> dict[str, Any]:
    return {
        "securityContext": container_security_context(),
        "dashboards": {
            "enabled": True,
            "label": LABEL,
            "labelValue": LABEL_VALUE,
            # The chart asks for ALL, which rights in one namespace refuse.
            "searchNamespace": MONITORING_NAMESPACE,
        },
        "datasources": {
            "enabled": True,
            # Rates are then asked over four scrapes; the chart would take 30 s for one.
            "defaultDatasourceScrapeInterval": SCRAPE_INTERVAL,
            # Alerts are seen as Prometheus' series; Alertmanager is one flow less.
            "alertmanager": {"enabled": False},
        },
    }
