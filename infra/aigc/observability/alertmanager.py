"""Alertmanager: one page for one cause. It groups, repeats and inhibits; what is worth an alert says `alerts.py`."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.cluster.pod_security import NONROOT_UID, pod_security_context
from aigc.foundation.flows import ALERTMANAGER_PORT
from aigc.observability.alerts import Severity
from aigc.observability.dns_targets import dns_name
from aigc.observability.metric_names import ENDPOINT_LABEL
from aigc.observability.operator import version_of

NAME = "alertmanager"
TARGETS_SECRET = "prometheus-alertmanagers"  # noqa: S105 the name of an object
TARGETS_KEY = "alertmanagers.yaml"
_CONFIG_SECRET = "alertmanager-config"  # noqa: S105 the name of an object
_SEEN_HERE = "seen-here"
"""A receiver that sends nothing: alerts are seen in Alertmanager itself until a stack names somebody to tell."""
_WEBHOOK = "webhook"


def alertmanager_config(webhook_url: str | None = None) -> dict[str, Any]:
    """Alertmanager's own configuration, as its YAML would hold it; alerts and their ends go to the URL.

    One notification for an endpoint and objective; while a fast burn pages, the ticket for the slow one is silent.
    """
    receiver: Body = {"name": _SEEN_HERE}
    if webhook_url is not None:
        receiver = {"name": _WEBHOOK, "webhook_configs": [{"url": webhook_url, "send_resolved": True}]}
    return {
        "route": {
            "receiver": receiver["name"],
            "group_by": ["alertname", ENDPOINT_LABEL],
            # Burn alerts of one incident come within two evaluations of 10 s each.
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
        },
        "receivers": [receiver],
        "inhibit_rules": [
            {
                "source_matchers": [f'severity="{Severity.PAGE}"'],
                "target_matchers": [f'severity="{Severity.TICKET}"'],
                "equal": ["alertname", ENDPOINT_LABEL],
            },
        ],
    }


def alertmanager_bodies(image: str, config: pulumi.Input[dict[str, Any]]) -> list[Body]:
    """The configuration and the server: one replica, nothing kept, for a local alert that is lost is found again."""
    metadata = {"name": NAME, "namespace": MONITORING_NAMESPACE}
    return [
        _secret(_CONFIG_SECRET, "alertmanager.yaml", config),
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "Alertmanager",
            # Like Prometheus it has no condition Ready.
            "metadata": {**metadata, "annotations": {"pulumi.com/waitFor": "condition=Available"}},
            "spec": {
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "version": version_of(image),
                "replicas": 1,
                "configSecret": _CONFIG_SECRET,
                "automountServiceAccountToken": False,
                "securityContext": pod_security_context(NONROOT_UID),
                "storage": {"emptyDir": {"sizeLimit": "128Mi"}},
                "resources": {"requests": {"cpu": "10m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
            },
        },
    ]


def target_bodies() -> list[Body]:
    """Where Prometheus finds Alertmanager: by DNS, as it finds everything on a cluster of ours."""
    targets = [
        {
            "path_prefix": "/",
            "api_version": "v2",
            "dns_sd_configs": [
                {
                    "names": [dns_name("alertmanager-operated", MONITORING_NAMESPACE)],
                    "type": "A",
                    "port": ALERTMANAGER_PORT,
                    "refresh_interval": "10s",
                }
            ],
        }
    ]
    return [_secret(TARGETS_SECRET, TARGETS_KEY, targets)]


def _secret(name: str, key: str, content: Any) -> Body:
    # JSON is YAML; the operator wants a Secret, although mostly nothing in it is one.
    text = content.apply(json.dumps) if isinstance(content, pulumi.Output) else json.dumps(content)
    metadata = {"name": name, "namespace": MONITORING_NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {key: text}}
