"""Every dashboard of a stack: what its sources can fill, as values and as the ConfigMaps that Grafana finds."""

from __future__ import annotations

from aigc.cluster.kubernetes_object import Body
from aigc.observability.autoscaling_dashboard import autoscaling_dashboard
from aigc.observability.fleet_dashboard import fleet_dashboard
from aigc.observability.grafana import dashboard_body
from aigc.observability.model_dashboard import model_dashboard
from aigc.observability.panels import Dashboard
from aigc.observability.request_path_dashboard import request_path_dashboard
from aigc.observability.steady_scaling_dashboard import steady_scaling_dashboard
from aigc.plan.stack_plan import StackPlan


def dashboards(plan: StackPlan, retention_hours: float) -> list[Dashboard]:
    """The dashboards of a stack whose Prometheus keeps data for so long."""
    pages = (
        fleet_dashboard(plan, retention_hours),
        model_dashboard(plan, retention_hours),
        request_path_dashboard(plan),
        autoscaling_dashboard(plan),
        steady_scaling_dashboard(plan),
    )
    return [page for page in pages if page is not None]


def dashboard_bodies(plan: StackPlan, retention_hours: float) -> list[Body]:
    """A ConfigMap for each dashboard."""
    return [dashboard_body(page) for page in dashboards(plan, retention_hours)]
