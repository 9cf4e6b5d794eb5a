"""Prometheus and what it scrapes; where the operator comes as a chart, only the monitors and rules are ours."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.pod_security import NONROOT_UID, pod_security_context
from aigc.foundation.foundation import Foundation, component_of
from aigc.foundation.release import release
from aigc.observability import operator
from aigc.observability.alertmanager import (
    TARGETS_KEY,
    TARGETS_SECRET,
    alertmanager_bodies,
    alertmanager_config,
    target_bodies,
)
from aigc.observability.dashboards import dashboard_bodies
from aigc.observability.dns_targets import dns_target_bodies
from aigc.observability.grafana import grafana_values
from aigc.observability.kubelet import SECRET as KUBELET_SECRET
from aigc.observability.kubelet import SECRET_KEY as KUBELET_SECRET_KEY
from aigc.observability.kubelet import kubelet_bodies, kubelet_values
from aigc.observability.monitors import SCRAPE_INTERVAL, monitor_bodies
from aigc.observability.operator import PrometheusOperator, version_of
from aigc.observability.rules import rule_bodies
from aigc.plan.stack_plan import ComponentPlan, MonitoringPlan, StackPlan
from aigc.tokens import Component

CHART = "kube-prometheus-stack"
_NAME = "prometheus"
_RETENTION_SHARE = 0.8
_NOT_SCRAPED = (
    "kubeApiServer",
    "kubeControllerManager",
    "kubeScheduler",
    "kubeProxy",
    "kubeEtcd",
    "coreDns",
)


def prometheus_body(image: str, monitoring: MonitoringPlan, *, asks_kubelet: bool) -> Body:
    """A small Prometheus: its data on the node's disk, every monitor of its own namespace."""
    kubelet = {"additionalScrapeConfigs": {"name": KUBELET_SECRET, "key": KUBELET_SECRET_KEY}} if asks_kubelet else {}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {
            "name": _NAME,
            "namespace": MONITORING_NAMESPACE,
            # The object has no condition Ready, so without this a server that crashes would count as made.
            "annotations": {"pulumi.com/waitFor": "condition=Available"},
        },
        "spec": {
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "version": version_of(image),
            "replicas": 1,
            "serviceAccountName": _NAME,
            # For the kubelet, which asks the API server about everybody; it is the account's only right.
            "automountServiceAccountToken": asks_kubelet,
            "securityContext": pod_security_context(NONROOT_UID),
            "scrapeInterval": SCRAPE_INTERVAL,
            "evaluationInterval": SCRAPE_INTERVAL,
            "retention": f"{monitoring.retention_hours}h",
            # Below the volume's limit: blocks that are being compacted take about half as much again.
            "retentionSize": "1GB",
            "storage": {"emptyDir": {"sizeLimit": "2Gi"}},
            "resources": {"requests": {"cpu": "50m", "memory": "192Mi"}, "limits": {"memory": "768Mi"}},
            # All of this namespace and none of others, where a user's own monitors may be.
            "podMonitorSelector": {},
            "serviceMonitorSelector": {},
            "probeSelector": {},
            "ruleSelector": {},
            "scrapeConfigSelector": {},
            # Not `alerting`: the operator would write it with Kubernetes discovery, which this server has not.
            "additionalAlertManagerConfigs": {"name": TARGETS_SECRET, "key": TARGETS_KEY},
            **kubelet,
        },
    }


def account_body() -> Body:
    """Prometheus finds its targets by DNS, so its account may list nothing; see `kubelet.py` for its one right."""
    metadata = {"name": _NAME, "namespace": MONITORING_NAMESPACE}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}


def chart_values(plan: StackPlan, monitoring: MonitoringPlan, alerting: pulumi.Input[Body]) -> Body:
    """Of the chart the operator, Alertmanager, Grafana and one Prometheus that takes monitors of others, too."""
    selectors = ("podMonitor", "serviceMonitor", "probe", "rule", "scrapeConfig")
    return {
        "fullnameOverride": "monitoring",
        "alertmanager": {"config": alerting},
        "grafana": grafana_values(),
        # A DaemonSet on host namespaces: Pod Security `restricted` refuses it.
        "nodeExporter": {"enabled": False},
        "kubelet": kubelet_values(plan),
        # Of a managed control plane nothing can be scraped.
        **{part: {"enabled": False} for part in _NOT_SCRAPED},
        "prometheusOperator": {"admissionWebhooks": {"enabled": False}, "tls": {"enabled": False}},
        # The chart's own rules watch a cluster's control plane; ours watch the models.
        "defaultRules": {"create": False},
        "prometheus": {
            "prometheusSpec": {
                "retention": f"{monitoring.retention_hours}h",
                **_volume(plan, monitoring),
                **{f"{name}SelectorNilUsesHelmValues": False for name in selectors},
            }
        },
    }


def _volume(plan: StackPlan, monitoring: MonitoringPlan) -> Body:
    if monitoring.storage_class is None or monitoring.storage_gib is None:
        return {}
    claim = {
        "storageClassName": monitoring.storage_class,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{monitoring.storage_gib}Gi"}},
    }
    return {
        "storageSpec": {"volumeClaimTemplate": {"spec": claim}},
        # Before the volume is full: blocks that are being compacted are on it twice for a while.
        "retentionSize": f"{int(monitoring.storage_gib * _RETENTION_SHARE)}GiB",
        # Else the disk, and its bill, outlive the stack.
        "persistentVolumeClaimRetentionPolicy": {
            "whenDeleted": "Retain" if plan.cluster.deletion_protection else "Delete",
            "whenScaled": "Retain",
        },
    }


class Observability(Component):
    """Prometheus with its operator, from a manifest or from a chart; monitors, rules and dashboards of the stack."""

    LAYER = "observability"

    def __init__(
        self,
        name: str,
        plan: StackPlan,
        cluster: ClusterHandle,
        foundation: Foundation,
        webhook_url: pulumi.Output[str] | None,
    ) -> None:
        super().__init__(name)
        self._alerting = webhook_url.apply(alertmanager_config) if webhook_url is not None else alertmanager_config()
        manifest, chart = component_of(plan, operator.COMPONENT), component_of(plan, CHART)
        if plan.monitoring and manifest:
            self._from_manifest(plan, plan.monitoring, manifest, cluster=cluster, after=foundation.namespaces)
        elif plan.monitoring and chart:
            values = chart_values(plan, plan.monitoring, self._alerting)
            server = release(self, chart, cluster, values, (*foundation.namespaces, *foundation.storage))
            namespaces = [namespace.name for namespace in plan.namespaces]
            watched = [*monitor_bodies(namespaces), *rule_bodies(plan)]
            add_objects(cluster, self, watched, (server,))
        if plan.monitoring:
            # Data for whatever Grafana there is: the chart's, or on a local cluster none.
            pages = dashboard_bodies(plan)
            add_objects(cluster, self, pages, foundation.namespaces)
        self.done({"namespace": MONITORING_NAMESPACE})

    def _from_manifest(
        self,
        plan: StackPlan,
        monitoring: MonitoringPlan,
        manifest: ComponentPlan,
        *,
        cluster: ClusterHandle,
        after: Sequence[pulumi.Resource],
    ) -> None:
        ready = PrometheusOperator(self, plan, manifest, cluster, after).ready
        kubelet = kubelet_bodies(plan, _NAME)
        inputs = add_objects(cluster, self, [account_body(), *kubelet, *target_bodies()], after)
        watched = [*dns_target_bodies(plan), *rule_bodies(plan)]
        targets = add_objects(cluster, self, watched, ready)
        config, server = alertmanager_bodies(plan.images["prometheus-alertmanager"], self._alerting)
        configured = add_objects(cluster, self, [config], after)
        add_objects(cluster, self, [server], (*ready, *configured))
        prometheus = prometheus_body(plan.images["prometheus"], monitoring, asks_kubelet=bool(kubelet))
        add_objects(cluster, self, [prometheus], (*ready, *inputs, *targets))


def observe(
    plan: StackPlan, cluster: ClusterHandle, foundation: Foundation, webhook_url: pulumi.Output[str] | None
) -> Observability:
    """Everything that watches the stack, and tells the webhook if there is one."""
    return Observability("observability", plan, cluster, foundation, webhook_url)
