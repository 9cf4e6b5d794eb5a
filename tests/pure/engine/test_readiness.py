"""An object is ready when the Pulumi Kubernetes provider would say so."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.engine.graph import Resource
from scripts.engine.readiness import needs_endpoints, verdict
from scripts.engine.waiting import DEFAULT_TIMEOUT_SECONDS, timeout_of


def live(
    kind: str, api_version: str = "v1", spec: Any = None, status: Any = None, **annotations: str
) -> dict[str, Any]:
    noted = {f"pulumi.com/{name}": value for name, value in annotations.items()}
    metadata = {"name": "x", "generation": 2, "annotations": noted}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec or {}, "status": status or {}}


def condition(kind: str, status: str = "True", **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, **more}]}


SEEN = {"observedGeneration": 2}
AVAILABLE = {**SEEN, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
KNATIVE = "serving.knative.dev/v1"


@pytest.mark.parametrize(
    ("body", "ready"),
    [
        (live("ConfigMap"), True),
        (live("Deployment", "apps/v1", {"replicas": 2}, AVAILABLE), True),
        (live("Deployment", "apps/v1", {"replicas": 2}, {**AVAILABLE, "observedGeneration": 1}), False),
        (live("Deployment", "apps/v1", {"replicas": 2}, {**AVAILABLE, "availableReplicas": 1}), False),
        (live("Deployment", "apps/v1", {"replicas": 2}, {**AVAILABLE, "updatedReplicas": 1}), False),
        (live("Deployment", "apps/v1", {"replicas": 2}, {**AVAILABLE, "replicas": 3}), False),
        (live("Deployment", "apps/v1", {"replicas": 0}, SEEN), True),
        (live("Deployment", "apps/v1", {"replicas": 2}, None, skipAwait="true"), True),
        (live("StatefulSet", "apps/v1", {"replicas": 1}, {**SEEN, "readyReplicas": 1}), True),
        (live("StatefulSet", "apps/v1", {"replicas": 1}, SEEN), False),
        (live("DaemonSet", "apps/v1", {}, {**SEEN, "desiredNumberScheduled": 1, "numberAvailable": 0}), False),
        (live("Pod", status={"phase": "Running", **condition("Ready")}), True),
        (live("Pod", status={"phase": "Running", **condition("Ready", "False")}), False),
        (live("Pod", status={"phase": "Succeeded"}), True),
        (live("Job", "batch/v1", status=condition("Complete")), True),
        (live("Job", "batch/v1"), False),
        (live("Namespace", status={"phase": "Active"}), True),
        (live("Namespace", status={"phase": "Terminating"}), False),
        (live("PersistentVolumeClaim", status={"phase": "Pending"}), False),
        (live("CustomResourceDefinition", "apiextensions.k8s.io/v1", status=condition("Established")), True),
        (live("CustomResourceDefinition", "apiextensions.k8s.io/v1"), False),
        (live("Service", KNATIVE), False),
        (live("Service", KNATIVE, status={**SEEN, **condition("Ready")}), True),
        (live("Service", KNATIVE, status={"observedGeneration": 1, **condition("Ready")}), False),
        (live("Widget", "a.b/v1"), True),
        (live("Widget", "a.b/v1", status=condition("Ready", "False")), False),
        (live("Pod", status={"phase": "Pending"}, waitFor="jsonpath={.status.phase}=Pending"), True),
        (live("Pod", status={"phase": "Pending"}, waitFor="jsonpath={.status.podIP}"), False),
        (live("Widget", "a.b/v1", status=condition("Synced"), waitFor="condition=Synced"), True),
        (
            live("Widget", "a.b/v1", status=condition("Synced"), waitFor='["condition=Synced", "condition=Other"]'),
            False,
        ),
    ],
)
def test_verdicts(body: dict[str, Any], ready: bool) -> None:
    answer = verdict(body)
    assert answer.ready is ready
    assert ready or answer.why, "what is not ready says why"


@pytest.mark.parametrize(
    "body",
    [
        live("Job", "batch/v1", status=condition("Failed", reason="BackoffLimitExceeded")),
        live("Pod", status={"phase": "Failed"}),
        live("Deployment", "apps/v1", status={**SEEN, **condition("Progressing", reason="ProgressDeadlineExceeded")}),
    ],
)
def test_what_can_never_become_ready_is_not_waited_for(body: dict[str, Any]) -> None:
    assert verdict(body).final


@pytest.mark.parametrize(
    ("spec", "needed"),
    [
        ({"selector": {"a": "b"}}, True),
        ({}, False),
        ({"selector": {"a": "b"}, "type": "ExternalName"}, False),
        ({"selector": {"a": "b"}, "clusterIP": "None"}, False),
    ],
)
def test_a_service_with_a_selector_needs_endpoints(spec: dict[str, Any], needed: bool) -> None:
    assert needs_endpoints(live("Service", spec=spec)) is needed
    assert not needs_endpoints(live("Service", spec=spec, skipAwait="true"))
    assert not needs_endpoints(live("Service", KNATIVE, spec=spec))


@pytest.mark.parametrize(
    ("timeouts", "annotations", "seconds"),
    [
        ({}, {}, DEFAULT_TIMEOUT_SECONDS),
        ({"create": "1m30s"}, {"timeoutSeconds": "5"}, 90),
        ({}, {"timeoutSeconds": "5"}, 5),
        ({"create": "2h"}, {}, 7200),
    ],
)
def test_timeouts(timeouts: dict[str, str], annotations: dict[str, str], seconds: float) -> None:
    resource = Resource(urn="u", type="t", name="n", parent="", custom=True, inputs={}, timeouts=timeouts)
    assert timeout_of(resource, live("Pod", **annotations)) == seconds
