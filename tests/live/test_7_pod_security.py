"""Pod Security is enforced by the live API server in every namespace of ours, and refuses what it should."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.labels import STACK_LABEL
from aigc.cluster.pod_security import NONROOT_UID, container_security_context
from aigc.plan.components import RESTRICTED
from aigc.plan.stack_plan import StackPlan
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.kubeconfig import load_connection

pytestmark = pytest.mark.live

LEVEL = "pod-security.kubernetes.io/enforce"
KUBERNETES_OWN = ("default", "kube-system", "kube-public", "kube-node-lease")
"""Every API server makes them; nothing of ours runs there."""
FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "privileged": ({}, {"privileged": True, "allowPrivilegeEscalation": True}),
    "the host's network": ({"hostNetwork": True}, {}),
    "a folder of the host": ({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, {}),
    "root": ({}, {"runAsNonRoot": False, "runAsUser": 0}),
    "capabilities": ({}, {"capabilities": {"add": ["SYS_ADMIN"]}}),
    "no seccomp profile": ({}, {"seccompProfile": {"type": "Unconfined"}}),
}
"""What `restricted` refuses, as fields of a pod and of its container."""


@pytest.fixture(scope="module")
def client(first_up: subprocess.CompletedProcess[str]) -> Iterator[KubeClient]:
    opened = KubeClient(load_connection(KUBECONFIG, None))
    yield opened
    opened.close()


def try_to_create(client: KubeClient, namespace: str, of_pod: dict[str, Any], of_container: dict[str, Any]) -> None:
    """Everything but the storing (dryRun=All): admission judges the pod as it would any other."""
    context = {**container_security_context(NONROOT_UID), **of_container}
    container = {"name": "main", "image": "dev.local/pause", "securityContext": context}
    resources = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}}
    spec = {"automountServiceAccountToken": False, **of_pod, "containers": [{**container, "resources": resources}]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod-security-test"}, "spec": spec}
    client.call("POST", f"/api/v1/namespaces/{namespace}/pods", body, "application/json", dryRun="All")


def test_every_namespace_of_ours_enforces_the_level_of_the_plan(client: KubeClient, plan: StackPlan) -> None:
    live = {item["metadata"]["name"]: item["metadata"] for item in client.list("v1", "Namespace")}
    ours = {name for name, metadata in live.items() if STACK_LABEL in metadata["labels"]}
    assert ours == {namespace.name for namespace in plan.namespaces}
    for namespace in plan.namespaces:
        metadata = live[namespace.name]
        assert metadata["labels"].get(LEVEL) == namespace.pod_security
        assert metadata["labels"].get(f"{LEVEL}-version") == f"v{plan.cluster.kubernetes_minor}"
        if namespace.pod_security != RESTRICTED:
            assert namespace.reason
            assert metadata["annotations"]["aigc/pod-security-reason"] == namespace.reason


def test_nothing_runs_in_the_namespaces_that_enforce_nothing(client: KubeClient) -> None:
    assert [pod["metadata"]["name"] for name in KUBERNETES_OWN for pod in client.list("v1", "Pod", name)] == []


def test_pods_below_the_level_are_refused_and_others_are_not(client: KubeClient, plan: StackPlan) -> None:
    judged = [namespace.name for namespace in plan.namespaces if namespace.pod_security == RESTRICTED]
    assert judged, "no namespace is restricted"
    for namespace in judged:
        # Without this a refusal could have any other reason.
        try_to_create(client, namespace, {}, {})
        for fault, (of_pod, of_container) in FAULTS.items():
            with pytest.raises(KubeError, match=f'violates PodSecurity "{RESTRICTED}:') as refused:
                try_to_create(client, namespace, of_pod, of_container)
            assert refused.value.status == httpx.codes.FORBIDDEN, f"{fault} in {namespace}"
