"""What runs in the local cluster, read from its API server: pods, endpoints, and in words what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import client

from aigc.catalog.labels import GATEWAY_NAMESPACE, MODELS_NAMESPACE, STACK_LABEL
from scripts.local import pod_words
from scripts.local.kube_connection import PATIENCE_SECONDS, connect

KNATIVE = {"group": "serving.knative.dev", "version": "v1", "plural": "services"}


@dataclass(frozen=True)
class WorkloadStatus:
    """One Deployment, StatefulSet or Knative service."""

    namespace: str
    name: str
    ready: bool
    words: str


class Workloads:
    """Questions to one cluster."""

    def __init__(self, api_client: client.ApiClient) -> None:
        self.core = client.CoreV1Api(api_client)
        self.apps = client.AppsV1Api(api_client)
        self.custom = client.CustomObjectsApi(api_client)

    @classmethod
    def connect(cls, kubeconfig: Path, context: str | None = None) -> Workloads:
        """Open the cluster that a kubeconfig names.

        Raises:
            UserError: there is no such file, or it cannot be used.
        """
        return cls(connect(kubeconfig, context))

    @classmethod
    def connect_patiently(cls, kubeconfig: Path) -> Workloads:
        """Open it for whoever needs the answers to go on: an API server that does not answer is asked again.

        Raises:
            UserError: there is no such file, it cannot be used, or an answer did not come in a minute.
        """
        return cls(connect(kubeconfig, patience_seconds=PATIENCE_SECONDS))

    def gateway_address(self) -> str:
        """Host and port of the gateway as this machine reaches it: a node's address and the Service's node port."""
        service = self.core.read_namespaced_service("gateway", GATEWAY_NAMESPACE)
        node_port = next(port.node_port for port in service.spec.ports if port.node_port)
        node = self.core.list_node().items[0]
        address = next(a.address for a in node.status.addresses if a.type == "InternalIP")
        return f"{address}:{node_port}"

    def namespaces(self) -> list[str]:
        """Namespaces of the stack, whichever it has."""
        listed = self.core.list_namespace(label_selector=STACK_LABEL).items
        return sorted(namespace.metadata.name for namespace in listed)

    def endpoint_pods(self, endpoint: str) -> list[Any]:
        """Pods of an endpoint that are not on their way out, steady or Knative."""
        pods = self.core.list_namespaced_pod(MODELS_NAMESPACE, label_selector=f"aigc/endpoint={endpoint}").items
        return [pod for pod in pods if pod.metadata.deletion_timestamp is None]

    def ready_pods(self, endpoint: str) -> int:
        """How many pods of an endpoint answer."""
        return sum(1 for pod in self.endpoint_pods(endpoint) if pod_is_ready(pod))

    def pod_by_ip(self, address: str) -> Any | None:
        """The living pod at an address, or None."""
        pods = self.core.list_pod_for_all_namespaces(field_selector=f"status.podIP={address}").items
        return next((pod for pod in pods if pod.status.phase == "Running"), None)

    def container_log(self, namespace: str, pod: str, container: str, lines: int = 500) -> str:
        """The end of a container's log."""
        # Unread, because the client would take a log of one JSON line for a JSON answer and give its Python form.
        answer = self.core.read_namespaced_pod_log(
            pod, namespace, container=container, tail_lines=lines, _preload_content=False
        )
        return str(answer.data.decode(errors="replace"))

    def statuses(self) -> list[WorkloadStatus]:
        """Every Deployment and StatefulSet of ours and every Knative service, in words."""
        return [*self._replicated(), *self._knative_services()]

    def _replicated(self) -> Iterator[WorkloadStatus]:
        for namespace in self.namespaces():
            deployments = self.apps.list_namespaced_deployment(namespace).items
            stateful_sets = self.apps.list_namespaced_stateful_set(namespace).items
            pods = self.core.list_namespaced_pod(namespace).items
            for workload in (*deployments, *stateful_sets):
                wanted, available = workload.spec.replicas or 0, workload.status.available_replicas or 0
                # Only models go to zero by themselves: whoever does so with the platform leaves it blind or stuck.
                stopped = wanted == 0 and namespace != MODELS_NAMESPACE
                words = f"{available} of {wanted} replicas available" + ("; scaled to zero by hand" if stopped else "")
                stuck = stuck_rollout(workload)
                words += f"; {stuck}" if stuck else ""
                behind = pod_words.selected(pods, workload.spec.selector.match_labels)
                words += pod_words.in_words(behind, available >= wanted and not stuck)
                sound = available >= wanted and not stopped and not stuck
                yield WorkloadStatus(namespace, workload.metadata.name, sound, words)

    def _knative_services(self) -> Iterator[WorkloadStatus]:
        listed = self.custom.list_namespaced_custom_object(namespace=MODELS_NAMESPACE, **KNATIVE)
        for service in listed["items"]:
            conditions = service.get("status", {}).get("conditions", [])
            ready = next((c for c in conditions if c["type"] == "Ready"), {"status": "Unknown"})
            words = ready.get("message") or ready.get("reason") or "ready; scales to zero"
            name = service["metadata"]["name"]
            pods = self.endpoint_pods(name)
            count = sum(1 for pod in pods if pod_is_ready(pod))
            said = f"{words} ({count} replicas now){pod_words.in_words(pods, count == len(pods))}"
            yield WorkloadStatus(MODELS_NAMESPACE, name, ready["status"] == "True", said)


def stuck_rollout(workload: Any) -> str:
    """What a Deployment says of a new version whose pods do not come, while the old ones still serve."""
    conditions = workload.status.conditions or []
    late = next((c for c in conditions if c.type == "Progressing" and c.status == "False"), None)
    return f"the new version does not come: {late.message}" if late else ""


def pod_is_ready(pod: Any) -> bool:
    """Whether a pod's Ready condition is true."""
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or [])
