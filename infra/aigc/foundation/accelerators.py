"""Device plugins: what tells Kubernetes of a node's accelerators, where the node's image has drivers and no plugin.

Each runs on the nodes of the plan's own pools, known by name: the charts look for labels, or for machine types, that
are other people's lists.
"""

from __future__ import annotations

from aigc.catalog import limits
from aigc.catalog.labels import ACCELERATORS_NAMESPACE, NEURON_RESOURCE, NVIDIA_RESOURCE, POOL_LABEL
from aigc.cluster.kubernetes_object import Body
from aigc.foundation.release import ReleasedComponent
from aigc.plan.existing_nodes import selector_of
from aigc.plan.node_images import is_bottlerocket
from aigc.plan.stack_plan import PoolPlan, StackPlan

NVIDIA = "nvidia-device-plugin"
NEURON = "neuron-device-plugin"
EFA = "efa-device-plugin"
_REQUESTS = {"cpu": "50m", "memory": "64Mi"}


def nvidia_values(plan: StackPlan) -> Body:
    """Of NVIDIA's chart."""
    pools = pools_with(plan, NVIDIA_RESOURCE)
    return {
        "fullnameOverride": NVIDIA,
        "affinity": affinity_to(pools),
        "tolerations": tolerations_of(pools),
        "resources": {"requests": _REQUESTS},
        **_parts_as_gpus(pools),
    }


def _parts_as_gpus(pools: list[PoolPlan]) -> Body:
    """Where GPUs are cut: each part is a GPU, as on GKE, and of nodes whose GPUs are whole they stay what they are.

    The other strategy, `mixed`, calls parts by their size: an autoscaler that knows the GPUs of a machine would then
    make none for a pod that asks for a part (k8s-device-plugin, internal/rm/device_map.go).
    """
    return {"migStrategy": "single"} if any(pool.partition for pool in pools) else {}


def neuron_values(plan: StackPlan) -> Body:
    """Of Neuron's chart: the device plugin alone.

    Its node problem detector would be a privileged pod on every node; its scheduler extension packs pods that ask for
    neighbouring chips, and a replica here asks for one.
    """
    pools = pools_with(plan, NEURON_RESOURCE)
    return {
        "devicePlugin": {
            # The chart's own choice is kube-system, whatever the Release says.
            "namespaceOverride": ACCELERATORS_NAMESPACE,
            "affinity": affinity_to(pools),
            "tolerations": tolerations_of(pools),
            "resources": {"requests": _REQUESTS},
        },
        "npd": {"enabled": False},
        "scheduler": {"enabled": False},
    }


def efa_values(plan: StackPlan) -> Body:
    """Of AWS' chart for Elastic Fabric Adapters, which chooses nodes by one label and its values."""
    pools = [pool for pool in plan.pools if pool.efa_interfaces]
    return {
        "fullnameOverride": EFA,
        "supportedInstanceLabels": {"keys": [POOL_LABEL], "values": sorted(pool.name for pool in pools)},
        "tolerations": tolerations_of(pools),
    }


VALUES = {NVIDIA: nvidia_values, NEURON: neuron_values, EFA: efa_values}
"""Component -> the values of its chart."""


def pools_with(plan: StackPlan, resource_key: str) -> list[PoolPlan]:
    """Pools whose nodes have this accelerator, and no plugin in their image or of their owner."""
    return [pool for pool in _without_plugin(plan) if pool.resource_key == resource_key]


def pools_of_fpgas(plan: StackPlan) -> list[PoolPlan]:
    """The same for Intel's FPGAs with programmed functions, each of which is a resource of its own."""
    return [pool for pool in _without_plugin(plan) if limits.FPGA_FUNCTION.fullmatch(pool.resource_key or "")]


def _without_plugin(plan: StackPlan) -> list[PoolPlan]:
    return [pool for pool in plan.pools if pool.device_plugin and not is_bottlerocket(pool.node_image)]


def affinity_to(pools: list[PoolPlan]) -> Body:
    """The nodes of these pools alone: by our label, or each by the labels that its owner gave it."""
    chosen = {pool.name: selector_of(pool) for pool in pools}
    ours = sorted(name for name, selector in chosen.items() if selector == {POOL_LABEL: name})
    terms = [[{"key": POOL_LABEL, "operator": "In", "values": ours}]] if ours else []
    terms += [
        [{"key": key, "operator": "In", "values": [value]} for key, value in sorted(selector.items())]
        for name, selector in chosen.items()
        if name not in ours
    ]
    required = {"nodeSelectorTerms": [{"matchExpressions": term} for term in terms]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def tolerations_of(pools: list[PoolPlan]) -> list[Body]:
    """Every taint of these pools, once."""
    return [
        {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
        for taint in dict.fromkeys(taint for pool in pools for taint in pool.taints)
    ]


class DevicePlugins(ReleasedComponent):
    """The device plugin of one maker."""
