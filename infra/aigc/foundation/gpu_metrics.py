"""What tells Prometheus of NVIDIA's GPUs, how busy, full and hot they are: DCGM's exporter, one pod a node.

It runs where the device plugin does. It asks the kubelet, by a socket of its node, which pod has which GPU, and
nobody else; the right to administer its node is for the counters of the GPU's units (chart 4.8.2, values.yaml).
"""

from __future__ import annotations

from aigc.catalog.labels import GPU_METRICS, NVIDIA_RESOURCE
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.accelerators import affinity_to, pools_with, tolerations_of
from aigc.foundation.release import ReleasedComponent
from aigc.plan.stack_plan import StackPlan

COMPONENT = GPU_METRICS
_REQUESTS = {"cpu": "50m", "memory": "256Mi"}
"""The chart asks for nothing, and whoever asks for nothing goes first."""


def chart_values(plan: StackPlan) -> Body:
    """Of NVIDIA's chart; what watches its pods is ours, in the namespace that Prometheus looks in."""
    pools = pools_with(plan, NVIDIA_RESOURCE)
    return {
        "fullnameOverride": COMPONENT,
        "affinity": affinity_to(pools),
        "tolerations": tolerations_of(pools),
        "resources": {"requests": _REQUESTS},
        "serviceMonitor": {"enabled": False},
    }


class GpuMetrics(ReleasedComponent):
    """The exporter of DCGM, NVIDIA's Data Center GPU Manager."""
