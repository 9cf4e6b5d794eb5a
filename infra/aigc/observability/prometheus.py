"""Prometheus and what it scrapes; where the operator comes as a chart, only the monitors and rules are ours."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.foundation import Foundation, component_of
from aigc.foundation.knative_operator import release
from aigc.observability import operator
from aigc.observability.dns_targets import dns_target_bodies
from aigc.observability.monitors import SCRAPE_INTERVAL, monitor_bodies
from aigc.observability.operator import PrometheusOperator
from aigc.observability.rules import rule_bodies
from aigc.plan.stack_plan import ComponentPlan, StackPlan
from aigc.serving.triton import UID
from aigc.tokens import Component

CHART = "kube-prometheus-stack"
RETENTION_HOURS = 24
"""Of the Prometheus that is ours; its data is gone with its pod anyway."""
CHART_RETENTION_HOURS = 240
"""Of the chart's; written out, for the windows of the rules depend on it. It is what the chart would do by itself."""
_NAME = "prometheus"
_NOT_SCRAPED = (
    "kubelet",
    "kubeApiServer",
    "kubeControllerManager",
    "kubeScheduler",
    "kubeProxy",
    "kubeEtcd",
    "coreDns",
)
_SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": UID,
    "runAsGroup": UID,
    "fsGroup": UID,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def version_of(image: str) -> str:
    """What the operator must believe the server to be: it writes flags and configuration for that version.

    The tag is the catalog's, for instance `2.42`; the operator parses three numbers.
    """
    numbers = image.rsplit(":", 1)[1].split("@", maxsplit=1)[0].split(".")
    return "v" + ".".join([*numbers, "0", "0"][:3])


def prometheus_body(image: str) -> Body:
    """A small Prometheus: a day of data on the node's disk, every monitor of its own namespace."""
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
            "automountServiceAccountToken": False,
            "securityContext": dict(_SECURITY),
            "scrapeInterval": SCRAPE_INTERVAL,
            "evaluationInterval": SCRAPE_INTERVAL,
            "retention": f"{RETENTION_HOURS}h",
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
        },
    }


def account_body() -> Body:
    """Prometheus finds its targets by DNS, so its account has no rights and its pods no token."""
    metadata = {"name": _NAME, "namespace": MONITORING_NAMESPACE}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}


def chart_values() -> Body:
    """Of the chart only the operator and one Prometheus that also takes monitors which are not the chart's own."""
    selectors = ("podMonitor", "serviceMonitor", "probe", "rule", "scrapeConfig")
    return {
        "fullnameOverride": "monitoring",
        "alertmanager": {"enabled": False},
        "grafana": {"enabled": False},
        # A DaemonSet on host namespaces: Pod Security `restricted` refuses it.
        "nodeExporter": {"enabled": False},
        # Of a managed control plane nothing can be scraped, and the kubelets are outside our network policies.
        **{part: {"enabled": False} for part in _NOT_SCRAPED},
        "prometheusOperator": {"admissionWebhooks": {"enabled": False}, "tls": {"enabled": False}},
        "prometheus": {
            "prometheusSpec": {
                "retention": f"{CHART_RETENTION_HOURS}h",
                **{f"{name}SelectorNilUsesHelmValues": False for name in selectors},
            }
        },
    }


class Observability(Component):
    """Prometheus with its operator, from a manifest or from a chart, the monitors and the rules of the stack."""

    LAYER = "observability"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle, foundation: Foundation) -> None:
        super().__init__(name)
        if manifest := component_of(plan, operator.COMPONENT):
            self._from_manifest(plan, manifest, cluster, foundation.namespaces)
        elif chart := component_of(plan, CHART):
            server = release(self, chart, cluster, chart_values(), foundation.namespaces)
            namespaces = [namespace.name for namespace in plan.namespaces]
            watched = [*monitor_bodies(namespaces), *rule_bodies(plan, CHART_RETENTION_HOURS)]
            add_objects(cluster, self, watched, (server,))
        self.done({"namespace": MONITORING_NAMESPACE})

    def _from_manifest(
        self, plan: StackPlan, manifest: ComponentPlan, cluster: ClusterHandle, after: Sequence[pulumi.Resource]
    ) -> None:
        ready = PrometheusOperator(self, plan, manifest, cluster, after).ready
        account = add_objects(cluster, self, [account_body()], after)
        watched = [*dns_target_bodies(plan), *rule_bodies(plan, RETENTION_HOURS)]
        targets = add_objects(cluster, self, watched, ready)
        add_objects(cluster, self, [prometheus_body(plan.images["prometheus"])], (*ready, *account, *targets))


def observe(plan: StackPlan, cluster: ClusterHandle, foundation: Foundation) -> Observability:
    """Everything that watches the stack."""
    return Observability("observability", plan, cluster, foundation)
