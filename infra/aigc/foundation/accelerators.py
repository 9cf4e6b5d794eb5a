"""Device plugins: what tells Kubernetes of a node's accelerators, where the node's image has drivers and no plugin."""

from __future__ import annotations

from aigc.catalog.labels import NVIDIA_RESOURCE, POOL_LABEL
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.release import ReleasedComponent
from aigc.plan.stack_plan import StackPlan

COMPONENT = "nvidia-device-plugin"
_REQUESTS = {"cpu": "50m", "memory": "64Mi"}


def chart_values(plan: StackPlan) -> Body:
    """On the nodes of the plan's own NVIDIA pools, known by name: the chart looks for labels that nothing here sets."""
    pools = sorted(pool.name for pool in plan.pools if pool.resource_key == NVIDIA_RESOURCE)
    ours = {"matchExpressions": [{"key": POOL_LABEL, "operator": "In", "values": pools}]}
    tolerations = [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in dict.fromkeys(
            taint for pool in plan.pools if pool.resource_key == NVIDIA_RESOURCE for taint in pool.taints
        )
    ]
    return {
        "fullnameOverride": COMPONENT,
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [ours]}}},
        "tolerations": tolerations,
        "resources": {"requests": _REQUESTS},
    }


class DevicePlugins(ReleasedComponent):
    """NVIDIA's device plugin."""
