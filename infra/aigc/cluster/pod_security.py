"""What Pod Security `restricted` asks of a pod and of its containers, written once for everything that makes pods."""

from __future__ import annotations

from aigc.cluster.kubernetes_object import Body

NONROOT_UID = 65532
"""All our images run as this user; numeric, or `runAsNonRoot` cannot tell that it is not root."""


def pod_security_context(user: int) -> Body:
    """Of a pod whose containers run as that user and own the files of its volumes by their group."""
    owner = {"runAsUser": user, "runAsGroup": user, "fsGroup": user}
    return {"runAsNonRoot": True, **owner, "seccompProfile": {"type": "RuntimeDefault"}}


def container_security_context(user: int | None = None) -> Body:
    """Of a container; with a user also what a pod would say for it, because Knative takes no context at the pod.

    With a user it is an image of ours, which writes nothing into its own root.
    """
    own = {"readOnlyRootFilesystem": True, "runAsNonRoot": True, "runAsUser": user, "runAsGroup": user}
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        **(own if user is not None else {}),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
