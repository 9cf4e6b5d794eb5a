"""What every endpoint stands on: namespaces, policies, Knative; which parts there are is read from the plan."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from aigc.clouds.contract import ClusterHandle
from aigc.foundation import (
    accelerators,
    fpga_plugin,
    gpu_metrics,
    karpenter,
    keda,
    knative,
    knative_operator,
    node_autoscaler,
)
from aigc.foundation.compute_classes import ComputeClasses
from aigc.foundation.namespaces import Namespaces
from aigc.foundation.network_policy import NetworkPolicies
from aigc.foundation.node_auto_provisioning import NodeAutoProvisioning
from aigc.foundation.storage import Storage
from aigc.plan.stack_plan import ComponentPlan, StackPlan


@dataclass(frozen=True)
class Foundation:
    """What the layers above wait for."""

    namespaces: tuple[pulumi.Resource, ...]
    knative: tuple[pulumi.Resource, ...]
    """What a Knative Service must come after; empty where the stack has no Knative."""
    keda: tuple[pulumi.Resource, ...]
    """What a ScaledObject must come after; empty where KEDA scales nothing."""
    nodes: tuple[pulumi.Resource, ...] = ()
    """What brings nodes and their accelerators; empty where the cloud does, or nothing."""
    storage: tuple[pulumi.Resource, ...] = ()
    """What a claim for a volume comes after; empty where the cloud brings it, or nothing has a volume."""


def build_foundation(plan: StackPlan, cluster: ClusterHandle) -> Foundation:
    """Namespaces first, then policies, then the components that the plan lists."""
    namespaces = Namespaces("namespaces", plan, cluster).objects
    NetworkPolicies("network-policies", plan, cluster, namespaces)
    ready: tuple[pulumi.Resource, ...] = ()
    if manifest := component_of(plan, knative.COMPONENT):
        ready = knative.KnativeServing("knative", plan, manifest, cluster, namespaces).ready
    elif chart := component_of(plan, knative_operator.COMPONENT):
        ready = knative_operator.KnativeByOperator("knative", plan, chart, cluster, namespaces).ready
    scaler = component_of(plan, keda.COMPONENT)
    scaled = keda.Keda("keda", plan, scaler, cluster, namespaces).ready if scaler else ()
    if exporter := component_of(plan, gpu_metrics.COMPONENT):
        gpu_metrics.GpuMetrics("gpu-metrics", exporter, cluster, gpu_metrics.chart_values(plan), namespaces)
    return Foundation(
        namespaces=namespaces,
        knative=ready,
        keda=scaled,
        nodes=_nodes(plan, cluster, namespaces),
        storage=Storage("storage", plan, cluster).objects,
    )


def _nodes(
    plan: StackPlan, cluster: ClusterHandle, namespaces: tuple[pulumi.Resource, ...]
) -> tuple[pulumi.Resource, ...]:
    ready: tuple[pulumi.Resource, ...] = ()
    if plan.compute_classes:
        ready += ComputeClasses("compute-classes", plan, cluster).objects
    if chart := component_of(plan, node_autoscaler.COMPONENT):
        values = node_autoscaler.chart_values(plan)
        ready += node_autoscaler.NodeAutoscaler("node-autoscaler", chart, cluster, values, namespaces).ready
    if chart := component_of(plan, karpenter.COMPONENT):
        ready += karpenter.Karpenter("karpenter", plan, chart, cluster, namespaces).ready
    if plan.azure and plan.azure.node_auto_provisioning:
        ready += NodeAutoProvisioning("node-auto-provisioning", plan, cluster).objects
    for name, values_of in accelerators.VALUES.items():
        if chart := component_of(plan, name):
            ready += accelerators.DevicePlugins(name, chart, cluster, values_of(plan), namespaces).ready
    if component_of(plan, fpga_plugin.COMPONENT):
        ready += fpga_plugin.FpgaPlugin("fpga-plugin", plan, cluster, namespaces).objects
    return ready


def component_of(plan: StackPlan, name: str) -> ComponentPlan | None:
    """A component of the plan by its name, None where the stack does without."""
    return next((component for component in plan.components if component.name == name), None)
