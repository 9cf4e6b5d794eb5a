"""Pods and pools of a stack, read from what it declares on any cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aigc.catalog.labels import POOL_LABEL
from aigc.policy.karpenter_zones import zones_of
from aigc.policy.view import ResourceView, StackView, items, mapping

_TEMPLATES = {"Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"}
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "PREFER_NO_SCHEDULE": "PreferNoSchedule", "NO_EXECUTE": "NoExecute"}
"""As GKE and EKS spell what Kubernetes calls otherwise."""
_AUTO_MODE = "eks.amazonaws.com"
"""Group of the node classes of EKS Auto Mode, where EKS adds nodes."""
_KEEPS_OFF = {"NoSchedule", "NoExecute"}


@dataclass(frozen=True)
class Pool:
    """A node pool of any cloud."""

    resource: ResourceView
    labels: Mapping[str, Any]
    taints: tuple[Mapping[str, Any], ...]
    accelerated: bool
    min_nodes: int | None
    """None: it does not scale, or not by itself."""
    autoscaled: bool
    counts: tuple[str, ...]
    """Inputs that hold the number an autoscaler owns."""
    cloud_scales: bool = False
    """Whether the cloud itself adds nodes; else something on the cluster must."""
    zones: object = None
    """Zones that its nodes are in, as far as its inputs name them; None: they do not, and another place does."""


def pools(stack: StackView) -> Iterator[Pool]:
    """Every pool whose type is known here."""
    for item in stack.resources:
        maker = _MAKERS.get(item.type)
        if maker is not None:
            yield from maker(item)
        elif item.type == _KARPENTER_POOL:
            yield _karpenter(item, stack)


def _gke(item: ResourceView) -> Iterator[Pool]:
    config, scaling = mapping(item.inputs.get("nodeConfig")), mapping(item.inputs.get("autoscaling"))
    least = scaling.get("totalMinNodeCount", scaling.get("minNodeCount"))
    yield Pool(
        item,
        mapping(config.get("labels")),
        _taints(config.get("taints")),
        bool(items(config.get("guestAccelerators"))),
        least if isinstance(least, int) else None,
        bool(scaling),
        ("initialNodeCount", "nodeCount"),
        cloud_scales=bool(scaling),
    )


def _eks(item: ResourceView) -> Iterator[Pool]:
    scaling = mapping(item.inputs.get("scalingConfig"))
    least = scaling.get("minSize")
    image = str(item.inputs.get("amiType") or "")
    yield Pool(
        item,
        mapping(item.inputs.get("labels")),
        _taints(item.inputs.get("taints")),
        "NVIDIA" in image or "NEURON" in image,
        least if isinstance(least, int) else None,
        scaling.get("minSize") != scaling.get("maxSize"),
        ("scalingConfig.desiredSize",),
    )


def _aks(item: ResourceView) -> Iterator[Pool]:
    yield _agent_pool(item, item.inputs, "count")


def _aks_cluster(item: ResourceView) -> Iterator[Pool]:
    for index, profile in enumerate(items(item.inputs.get("agentPoolProfiles"))):
        yield _agent_pool(item, mapping(profile), f"agentPoolProfiles[{index}].count")


def _agent_pool(item: ResourceView, inputs: Mapping[str, Any], count: str) -> Pool:
    autoscaled = inputs.get("enableAutoScaling") is True
    least = inputs.get("minCount") if autoscaled else inputs.get("count")
    return Pool(
        item,
        mapping(inputs.get("nodeLabels")),
        tuple(_written(str(taint)) for taint in items(inputs.get("nodeTaints"))),
        bool(mapping(inputs.get("gpuProfile"))),
        least if isinstance(least, int) else None,
        autoscaled,
        (count,),
        cloud_scales=autoscaled,
        # A pool that names none is a regional scale set: all of its nodes may be in one.
        zones=inputs.get("availabilityZones") or (),
    )


def _written(taint: str) -> Mapping[str, Any]:
    """`key=value:effect`, as AKS takes it."""
    name, _, effect = taint.rpartition(":")
    key, _, value = name.partition("=")
    return {"key": key, "value": value, "effect": effect}


def _karpenter(item: ResourceView, stack: StackView) -> Pool:
    template = _template(item)
    nodes, fixed = mapping(template.get("spec")), mapping(item.inputs.get("spec")).get("replicas")
    labels, taints = mapping(template.get("metadata")).get("labels"), _taints(nodes.get("taints"))
    return Pool(
        item,
        mapping(labels),
        taints,
        any("/" in str(taint.get("key")) for taint in taints),
        # Without a fixed number there is none that a program could set: it makes nodes for pods that wait, from none.
        fixed if isinstance(fixed, int) else 0,
        fixed is None,
        (),
        cloud_scales=mapping(nodes.get("nodeClassRef")).get("group") == _AUTO_MODE,
        zones=zones_of([one for one in stack.resources if one is item or _same_pool(one, item)], stack),
    )


def _same_pool(one: ResourceView, other: ResourceView) -> bool:
    """Whether both make nodes of one pool of the plan: where its number is fixed there is a NodePool for each zone."""
    if one.type != _KARPENTER_POOL:
        return False
    first, second = (mapping(_template(item).get("metadata")).get("labels") for item in (one, other))
    name = mapping(first).get(POOL_LABEL)
    return name is not None and name == mapping(second).get(POOL_LABEL)


def _template(item: ResourceView) -> Mapping[str, Any]:
    return mapping(mapping(item.inputs.get("spec")).get("template"))


_MAKERS = {
    "gcp:container/nodePool:NodePool": _gke,
    "aws:eks/nodeGroup:NodeGroup": _eks,
    "azure-native:containerservice:AgentPool": _aks,
    "azure-native:containerservice:ManagedCluster": _aks_cluster,
}
_KARPENTER_POOL = "kubernetes:karpenter.sh/v1:NodePool"


def _taints(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple({**taint, "effect": _EFFECTS.get(taint.get("effect"), taint.get("effect"))} for taint in items(value))


def pod_specs(stack: StackView) -> Iterator[tuple[ResourceView, Mapping[str, Any]]]:
    """Every pod that an object of the stack makes, with the object; what Releases bring is only Helm's to know."""
    for item in stack.resources:
        spec = mapping(item.inputs.get("spec"))
        if item.kind == "Pod":
            yield item, spec
        elif item.kind in _TEMPLATES or (item.kind == "Service" and item.type.startswith("kubernetes:serving.knative")):
            yield item, mapping(mapping(spec.get("template")).get("spec"))


def containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Containers and init containers."""
    yield from (mapping(one) for one in (*items(pod.get("containers")), *items(pod.get("initContainers"))))


def pool_of(pod: Mapping[str, Any], known: Mapping[str, Pool]) -> Pool | None:
    """The pool that the pod selects by its label."""
    selected = mapping(pod.get("nodeSelector")).get(POOL_LABEL)
    return known.get(selected) if isinstance(selected, str) else None


def untolerated(pod: Mapping[str, Any], pool: Pool) -> Iterator[Mapping[str, Any]]:
    """Taints of the pool that keep the pod off."""
    tolerations = [mapping(one) for one in items(pod.get("tolerations"))]
    for taint in pool.taints:
        if taint.get("effect") in _KEEPS_OFF and not any(_tolerates(one, taint) for one in tolerations):
            yield taint


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """As the scheduler decides (core/v1, Toleration.ToleratesTaint)."""
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("key") not in (None, "", taint.get("key")):
        return False
    operator = toleration.get("operator") or "Equal"
    if operator == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")
