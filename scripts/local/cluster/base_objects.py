"""Objects that the cluster itself needs in its API: rights of its processes, and the DNS Service of the host."""

from __future__ import annotations

from typing import Any

from aigc.catalog.faults import fail
from scripts.local.cluster import api_access
from scripts.local.cluster import layout as at
from scripts.local.cluster.layout import Layout
from scripts.progress import Progress

LABELS = {"app.kubernetes.io/managed-by": "aigc-cluster"}
RBAC = "rbac.authorization.k8s.io/v1"
DNS_PORTS = (("dns", "UDP"), ("dns-tcp", "TCP"))


def base_objects() -> list[tuple[str, dict[str, Any]]]:
    """Path and document of each; pure."""
    return [*_rights(), *_dns()]


def ensure_base_objects(layout: Layout, progress: Progress) -> None:
    """Apply them all; applying what is there changes nothing.

    Raises:
        UserError: the API server refused one.
    """
    for path, document in base_objects():
        answer = api_access.apply(layout, path, document, progress)
        if not answer.fine:
            name = document["metadata"]["name"]
            raise fail(f"{document['kind']} {name}", answer.words(), "see `python -m scripts logs kube-apiserver`")


def _rights() -> list[tuple[str, dict[str, Any]]]:
    dns_rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    return [
        # Logs, exec and port-forward go from the API server to the kubelet.
        _binding("aigc:apiserver-kubelet-client", "system:kubelet-api-admin", "aigc:apiserver-kubelet-client"),
        (
            f"/apis/{RBAC}/clusterroles/aigc:coredns",
            {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": _metadata("aigc:coredns"), "rules": dns_rules},
        ),
        _binding("aigc:coredns", "aigc:coredns", "system:coredns"),
    ]


def _dns() -> list[tuple[str, dict[str, Any]]]:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {**_metadata("kube-dns"), "namespace": "kube-system"},
        # No selector: CoreDNS runs on the host, so the slice below is ours to write.
        "spec": {
            "clusterIP": at.DNS_SERVICE_IP,
            "ports": [
                {"name": name, "protocol": protocol, "port": 53, "targetPort": at.DNS_PORT.number}
                for name, protocol in DNS_PORTS
            ],
        },
    }
    slice_metadata = _metadata("kube-dns-host")
    slice_metadata["labels"] |= {
        "kubernetes.io/service-name": "kube-dns",
        "endpointslice.kubernetes.io/managed-by": "aigc-cluster",
    }
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**slice_metadata, "namespace": "kube-system"},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [at.NODE_IP], "conditions": {"ready": True}, "nodeName": at.NODE_NAME}],
        "ports": [{"name": name, "protocol": protocol, "port": at.DNS_PORT.number} for name, protocol in DNS_PORTS],
    }
    return [
        ("/api/v1/namespaces/kube-system/services/kube-dns", service),
        ("/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices/kube-dns-host", endpoints),
    ]


def _binding(name: str, role: str, user: str) -> tuple[str, dict[str, Any]]:
    return (
        f"/apis/{RBAC}/clusterrolebindings/{name}",
        {
            "apiVersion": RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": _metadata(name),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        },
    )


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "labels": dict(LABELS)}
