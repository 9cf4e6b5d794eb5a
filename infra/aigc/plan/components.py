"""The platform's own software in a plan: which components, namespaces, images and Knative features a stack needs."""

from __future__ import annotations

from collections.abc import Iterable

from aigc.catalog import labels, limits
from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.kinds import Cloud
from aigc.catalog.versions import component, versions
from aigc.config.spec import PoolSpec, StackSpec
from aigc.plan.auto_mode import with_auto_mode
from aigc.plan.capacity import machine_of
from aigc.plan.existing_nodes import resource_key
from aigc.plan.node_images import is_bottlerocket, node_image
from aigc.plan.node_provisioning import who_makes_nodes
from aigc.plan.stack_plan import (
    Autoscaler,
    ComponentPlan,
    ComponentSource,
    EndpointPlan,
    NamespacePlan,
    ServingMode,
)

RESTRICTED = "restricted"
_EXCEPTIONS = {
    labels.ACCELERATORS_NAMESPACE: (
        "privileged",
        "a device plugin mounts folders of its node: the kubelet's socket of device plugins, and CDI's",
    )
}
"""Namespaces below `restricted`, each with the reason that is written on it."""
DEVICE_PLUGINS = {
    labels.NVIDIA_RESOURCE: "nvidia-device-plugin",
    labels.NEURON_RESOURCE: "neuron-device-plugin",
}
"""Resource key -> the component that advertises it, where neither the cloud nor the node's image does."""


FPGA_PLUGIN = "intel-fpga-plugin"
"""Component and image of what advertises Intel's FPGAs, each card under a name of its own."""


def own_registry(spec: StackSpec) -> str:
    """Where images of ours are pulled from: a registry, or the prefix under which the local cluster imported them."""
    return spec.registry or labels.LOCAL_REGISTRY


def is_our_local_cluster(spec: StackSpec) -> bool:
    """The cluster that `scripts cluster up` makes, rather than one that somebody has."""
    return spec.cloud is Cloud.LOCAL and spec.context is None and spec.kubeconfig in (None, str(KUBECONFIG))


def from_manifests(spec: StackSpec) -> bool:
    """Whether components come from extracted manifests (local) or as Helm Releases (clouds, existing clusters)."""
    return spec.cloud is Cloud.LOCAL


def scaled_by_keda(endpoints: Iterable[EndpointPlan]) -> bool:
    """Whether a stack needs KEDA at all."""
    return any(endpoint.scaling.autoscaler is Autoscaler.KEDA for endpoint in endpoints)


def components(spec: StackSpec, endpoints: Iterable[EndpointPlan]) -> tuple[ComponentPlan, ...]:
    """Knative, monitoring, KEDA where it scales something and, on `local`, the gateway, for clouds get Kourier."""
    keda = [("keda", labels.KEDA_NAMESPACE)] * scaled_by_keda(endpoints)
    if from_manifests(spec):
        names = [("knative-serving", labels.KNATIVE_NAMESPACE), *keda]
        names += [("prometheus-operator", labels.MONITORING_NAMESPACE)] * spec.monitoring.enabled
        manifests = [_component(name, namespace, ComponentSource.MANIFEST) for name, namespace in names]
        gateway = ComponentPlan(
            name="gateway",
            version=versions().images["gateway-controller"],
            source=ComponentSource.PROGRAM,
            namespace=labels.GATEWAY_NAMESPACE,
        )
        return (*manifests, gateway)
    names = [("knative-operator", labels.KNATIVE_OPERATOR_NAMESPACE), *keda]
    names += [("kube-prometheus-stack", labels.MONITORING_NAMESPACE)] * spec.monitoring.enabled
    names += _node_components(spec)
    fpga = [(FPGA_PLUGIN, labels.ACCELERATORS_NAMESPACE)] * any(map(_wants_fpga_plugin, spec.pools.values()))
    return (
        *(_component(name, namespace, ComponentSource.RELEASE) for name, namespace in names),
        *(_component(name, namespace, ComponentSource.PROGRAM) for name, namespace in fpga),
    )


def _wants_fpga_plugin(pool: PoolSpec) -> bool:
    nodes = pool.nodes
    key = (resource_key(nodes) or "") if nodes and nodes.install_device_plugin else ""
    return limits.FPGA_FUNCTION.fullmatch(key) is not None


def _node_components(spec: StackSpec) -> list[tuple[str, str]]:
    """What GKE brings and others leave to their user: who adds nodes (EKS), and who tells Kubernetes of their
    accelerators, and Prometheus of GPUs (EKS and AKS, and where the owner of a cluster has it so). EKS Auto Mode brings
    both."""
    if spec.cloud not in (Cloud.AWS, Cloud.AZURE, Cloud.EXISTING) or with_auto_mode(spec):
        return []
    pools = [pool for pool in spec.pools.values() if pool.nodes is None or pool.nodes.install_device_plugin]
    scaled = spec.cloud is Cloud.AWS and any(pool.min_nodes != pool.max_nodes for pool in pools)
    found = {
        machine.resource_key
        for pool in pools
        if (machine := machine_of(spec, pool)) and not is_bottlerocket(node_image(spec.cloud, machine, pool.node_image))
    }
    return [
        *[who_makes_nodes(spec)] * scaled,
        *[("efa-device-plugin", labels.ACCELERATORS_NAMESPACE)] * any(pool.efa for pool in pools),
        *[(name, labels.ACCELERATORS_NAMESPACE) for key, name in DEVICE_PLUGINS.items() if key in found],
        *[(labels.GPU_METRICS, labels.ACCELERATORS_NAMESPACE)]
        * (spec.monitoring.enabled and labels.NVIDIA_RESOURCE in found),
    ]


def _component(name: str, namespace: str, source: ComponentSource) -> ComponentPlan:
    row = component(name)
    place = (
        {"manifest_sha256": row.manifest_sha256}
        if source is ComponentSource.MANIFEST
        else {"chart": row.chart, "repository": row.repository}
    )
    return ComponentPlan(name=name, version=row.version, source=source, namespace=namespace, **place)


def namespaces(parts: Iterable[ComponentPlan]) -> tuple[NamespacePlan, ...]:
    """The endpoints' namespace, Knative's and one for every component, under `restricted` but for the exceptions."""
    names = {labels.MODELS_NAMESPACE, labels.KNATIVE_NAMESPACE} | {part.namespace for part in parts}
    return tuple(_namespace(name) for name in sorted(names))


def _namespace(name: str) -> NamespacePlan:
    level, reason = _EXCEPTIONS.get(name, (RESTRICTED, None))
    return NamespacePlan(name=name, pod_security=level, reason=reason)


def images(spec: StackSpec, parts: Iterable[ComponentPlan]) -> dict[str, str]:
    """Role -> reference of the platform's own images; Releases bring theirs, so clouds need the in-pod Envoy alone."""
    roles = set(versions().images) - {"pause"} if from_manifests(spec) else {"envoy"}
    if not spec.monitoring.enabled:
        roles = {role for role in roles if not role.startswith("prometheus")}
    if all(part.name != "keda" for part in parts):
        roles = {role for role in roles if not role.startswith("keda")}
    ours = {role: f"{own_registry(spec)}/{role}:{versions().images[role]}" for role in roles}
    if any(part.name == labels.NODE_AUTOSCALER for part in parts):
        ours[labels.NODE_AUTOSCALER] = versions().upstream_images[labels.NODE_AUTOSCALER].pinned()
    if any(part.name == FPGA_PLUGIN for part in parts):
        ours[FPGA_PLUGIN] = versions().upstream_images[FPGA_PLUGIN].pinned()
    return dict(sorted(ours.items()))


def knative_features(endpoints: Iterable[EndpointPlan]) -> dict[str, str]:
    """Keys of `config-features` that the endpoints' pods need; Knative's webhook refuses a pod that uses others."""
    ours = [endpoint for endpoint in endpoints if endpoint.mode is ServingMode.KNATIVE]
    if not ours:
        return {}
    needed = {
        # The in-pod Envoy beside Triton, and a liveness probe of each one's own.
        "multi-container",
        "multi-container-probing",
        # Triton's shared memory and /tmp.
        "kubernetes.podspec-volumes-emptydir",
    }
    if any(endpoint.tolerations for endpoint in ours):
        needed.add("kubernetes.podspec-tolerations")
    if any(endpoint.overflow_pools for endpoint in ours):
        needed.add("kubernetes.podspec-affinity")
    if any(endpoint.node_selector for endpoint in ours):
        needed.add("kubernetes.podspec-nodeselector")
    for mount in (endpoint.source.mount for endpoint in ours):
        if mount:
            needed.add(
                "kubernetes.podspec-persistent-volume-claim" if mount.claim else "kubernetes.podspec-volumes-csi"
            )
    return dict.fromkeys(sorted(needed), "enabled")
