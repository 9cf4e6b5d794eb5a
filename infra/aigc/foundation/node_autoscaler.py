"""What adds and removes nodes where the cloud leaves it to its user: the cluster autoscaler, as a Helm Release.

It changes nothing but the wanted size of the plan's node groups, between the bounds of the plan. Its rights on the
cloud belong to its service account's name, see aigc.clouds.aws.
"""

from __future__ import annotations

from aigc.catalog.labels import NODE_AUTOSCALER
from aigc.cluster.kubernetes_object import Body
from aigc.cluster.pod_security import NONROOT_UID, container_security_context, pod_security_context
from aigc.foundation.release import ReleasedComponent
from aigc.plan.stack_plan import StackPlan

COMPONENT = NODE_AUTOSCALER
_REQUESTS = {"cpu": "50m", "memory": "300Mi"}
"""Of an autoscaler of some dozens of nodes; the chart asks for nothing, and whoever asks for nothing goes first."""


def chart_values(plan: StackPlan) -> Body:
    """Groups are found by the tags that EKS puts on each; the image is of the cluster's own minor."""
    name, at, digest = plan.images[COMPONENT].partition("@")
    repository, _, tag = name.rpartition(":")
    return {
        "fullnameOverride": COMPONENT,
        "cloudProvider": "aws",
        "awsRegion": plan.region,
        "autoDiscovery": {"clusterName": plan.cluster.name},
        "image": {"repository": repository, "tag": f"{tag}{at}{digest}"},
        "rbac": {"serviceAccount": {"create": True, "name": COMPONENT}},
        "extraArgs": {
            # Of the pools that could take a pod, the one that it leaves the least of empty.
            "expander": "least-waste",
            # Every node has them, so they keep none; a pod that keeps files on its node does keep it, as by default.
            "ignore-daemonsets-utilization": True,
        },
        "resources": {"requests": _REQUESTS, "limits": {"memory": _REQUESTS["memory"]}},
        "securityContext": pod_security_context(NONROOT_UID),
        "containerSecurityContext": container_security_context(NONROOT_UID),
    }


class NodeAutoscaler(ReleasedComponent):
    """The cluster autoscaler."""
