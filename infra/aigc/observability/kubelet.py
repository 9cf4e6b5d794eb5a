"""The kubelet's view of pods: the only source of a pod's own memory, for Triton tells the node's, and of restarts.

Where Prometheus comes with a chart, the chart scrapes the kubelets and only the choice of series is ours. The one of a
local cluster cannot look for nodes (see `dns_targets.py`): its job is written out, with the address of the one node.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from aigc.catalog.labels import MODELS_NAMESPACE, MONITORING_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.flows import HOST_PROCESSES_PORT, KUBELET_PORT
from aigc.observability import metric_names as names
from aigc.observability.monitors import SCRAPE_INTERVAL
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan

SECRET = "prometheus-kubelet"  # noqa: S105 the name of an object
SECRET_KEY = "kubelet.yaml"  # noqa: S105 the name of a file in it
_ROLE = "prometheus-kubelet-metrics"
_TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 where the token is
_MEMORY_PATH = "/metrics/cadvisor"
_RESTARTS_PATH = "/metrics/resource"
_RESTARTS_INTERVAL = "5s"
"""Shorter than of all else: a container that fails as it starts lives for little more than 3 s, then waits for 10."""
_KEPT = (names.CONTAINER_MEMORY_FAILURES, names.CONTAINER_WORKING_SET_BYTES, names.CONTAINER_MEMORY_LIMIT_BYTES)
_UID = "[-_]".join(f"[0-9a-f]{{{digits}}}" for digits in (8, 4, 4, 4, 12))


def pod_pattern(endpoint: EndpointPlan) -> str:
    """Names of an endpoint's pods: a Deployment's hash and five characters, under Knative of a numbered revision."""
    middle = "-[0-9]{5}-deployment" if endpoint.mode is ServingMode.KNATIVE else ""
    return f"{endpoint.name}{middle}-[a-z0-9]+-[a-z0-9]{{5}}"


def memory_relabelings(endpoints: Sequence[EndpointPlan]) -> list[Body]:
    """Of about 60 series a control group the three that are asked for, labelled with pod and endpoint.

    Fields as the operator spells them. On cgroup v1 only a container's own group counts its faults and, unless the
    kubelet knows containerd's socket, has no label of its pod: so the pod's uid is read off the path.
    """
    return [
        _rule("keep", ["__name__"], "|".join(_KEPT)),
        _rule("keep", ["namespace"], f"({MODELS_NAMESPACE})?"),
        _rule("drop", ["failure_type", "scope"], "pgfault;.*|.*;container"),
        _rule("replace", ["id"], f".*pod({_UID}).*", names.POD_UID_LABEL),
        _rule("keep", [names.POD_UID_LABEL], ".+"),
        *(
            {
                **_rule("replace", ["namespace", "pod"], f"{MODELS_NAMESPACE};{pod_pattern(endpoint)}"),
                "targetLabel": names.ENDPOINT_LABEL,
                "replacement": endpoint.name,
            }
            for endpoint in endpoints
        ),
    ]


def restart_relabelings(namespaces: Sequence[str]) -> list[Body]:
    """When each container was started, and what tells a new pod of an old name from it; of our namespaces alone."""
    return [
        _rule("keep", ["__name__"], f"{names.CONTAINER_START_TIME_SECONDS}|{names.POD_CPU_SECONDS}"),
        _rule("keep", ["namespace"], "|".join(sorted(namespaces))),
    ]


def _rule(action: str, sources: list[str], regex: str, target: str | None = None) -> Body:
    rule: Body = {"action": action, "sourceLabels": sources, "regex": regex}
    return {**rule, "targetLabel": target, "replacement": "$1"} if target else rule


def kubelet_values(plan: StackPlan) -> Body:
    """Values of the chart: cAdvisor's metrics, when containers were started, and none of the kubelet's many others."""
    return {
        "enabled": True,
        "serviceMonitor": {
            "kubelet": False,
            "probes": False,
            "resource": True,
            "resourcePath": _RESTARTS_PATH,
            "resourceInterval": _RESTARTS_INTERVAL,
            "resourceMetricRelabelings": restart_relabelings(_namespaces(plan)),
            "cAdvisor": True,
            "cAdvisorInterval": SCRAPE_INTERVAL,
            "cAdvisorMetricRelabelings": memory_relabelings(plan.endpoints),
        },
    }


def _namespaces(plan: StackPlan) -> list[str]:
    return [namespace.name for namespace in plan.namespaces]


def kubelet_bodies(plan: StackPlan, account: str) -> list[Body]:
    """The jobs, and the one right that they take; nothing where the node's address is not known beforehand.

    The operator's ScrapeConfig cannot name a file, and a token in a Secret would be valid for ever: these jobs read
    the pod's own, which the kubelet renews.
    """
    address = plan.cluster.only_node_address
    if address is None:
        return []
    subject = {"kind": "ServiceAccount", "name": account, "namespace": MONITORING_NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _ROLE}
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": _ROLE},
            "rules": [{"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": _ROLE},
            "roleRef": role,
            "subjects": [subject],
        },
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "namespace": MONITORING_NAMESPACE},
            # JSON is YAML; the operator wants a Secret, although nothing in it is one.
            "stringData": {SECRET_KEY: json.dumps(_jobs(plan, address))},
        },
    ]


def _jobs(plan: StackPlan, address: str) -> list[Body]:
    memory, restarts = memory_relabelings(plan.endpoints), restart_relabelings(_namespaces(plan))
    kubelet = f"{address}:{KUBELET_PORT}"
    return [
        _kubelet_job(names.KUBELET_JOB, kubelet, _MEMORY_PATH, SCRAPE_INTERVAL, memory),
        _kubelet_job(names.KUBELET_RESOURCE_JOB, kubelet, _RESTARTS_PATH, _RESTARTS_INTERVAL, restarts),
        {
            "job_name": names.HOST_PROCESSES_JOB,
            "scrape_interval": SCRAPE_INTERVAL,
            "static_configs": [{"targets": [f"{address}:{HOST_PROCESSES_PORT}"]}],
        },
    ]


def _kubelet_job(name: str, target: str, path: str, interval: str, relabelings: Sequence[Body]) -> Body:
    spelling = {"sourceLabels": "source_labels", "targetLabel": "target_label"}
    return {
        "job_name": name,
        "scheme": "https",
        "metrics_path": path,
        "scrape_interval": interval,
        # With cAdvisor's own times a pod that is gone would be there for five minutes more.
        "honor_timestamps": False,
        "authorization": {"credentials_file": f"{_TOKEN_FOLDER}/token"},
        "tls_config": {"ca_file": f"{_TOKEN_FOLDER}/ca.crt"},
        "static_configs": [{"targets": [target]}],
        "metric_relabel_configs": [
            {spelling.get(key, key): value for key, value in rule.items()} for rule in relabelings
        ],
    }
