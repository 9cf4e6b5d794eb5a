"""Intel's device plugin for FPGAs in mode af: it advertises the functions that cards are programmed with already.

Its maker's chart is one of an operator, which wants cert-manager; the plugin is one DaemonSet, and mode af needs
neither the webhook nor the hook of the runtime that program cards in mode region (intel-device-plugins-for-kubernetes
v0.36.0, cmd/fpga_plugin/README.md). The kernel's driver (DFL or OPAE) is the nodes' owner's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import ACCELERATORS_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.cluster.pod_security import container_security_context
from aigc.foundation.accelerators import affinity_to, pools_of_fpgas, tolerations_of
from aigc.plan.components import FPGA_PLUGIN as COMPONENT
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

__all__ = ["COMPONENT", "FpgaPlugin", "daemon_set"]

_FOLDERS = {
    "devfs": ("/dev", True),
    "sysfs": ("/sys/class", True),
    "kubelet-sockets": ("/var/lib/kubelet/device-plugins", False),
}
"""Name -> folder of the node, and whether it is only read: where cards are found, and where the kubelet is told."""


def daemon_set(plan: StackPlan) -> Body:
    """The plugin on the nodes of the plan's pools of FPGAs."""
    pools = pools_of_fpgas(plan)
    labels = {"app.kubernetes.io/name": COMPONENT}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": COMPONENT, "namespace": ACCELERATORS_NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    # It would only ask its node for another mode; without a token it says so once and keeps its own.
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "priorityClassName": "system-node-critical",
                    "affinity": affinity_to(pools),
                    "tolerations": tolerations_of(pools),
                    "containers": [_container(plan.images[COMPONENT])],
                    "volumes": [{"name": name, "hostPath": {"path": path}} for name, (path, _) in _FOLDERS.items()],
                },
            },
        },
    }


def _container(image: str) -> Body:
    return {
        "name": COMPONENT,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-mode=af"],
        # As its maker's own manifest has them.
        "resources": {"requests": {"cpu": "80m", "memory": "30Mi"}, "limits": {"memory": "60Mi"}},
        "securityContext": {
            **container_security_context(),
            "readOnlyRootFilesystem": True,
            # Where SELinux is on, its policy for device plugins lets it at the kubelet's sockets.
            "seLinuxOptions": {"type": "container_device_plugin_t"},
        },
        "volumeMounts": [
            {"name": name, "mountPath": path, "readOnly": only_read} for name, (path, only_read) in _FOLDERS.items()
        ],
    }


class FpgaPlugin(Component):
    """The plugin, and nothing else."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle, after: Sequence[pulumi.Resource]) -> None:
        super().__init__(name)
        self.objects: tuple[pulumi.Resource, ...] = add_objects(cluster, self, [daemon_set(plan)], after)
        self.done({"namespace": ACCELERATORS_NAMESPACE})
