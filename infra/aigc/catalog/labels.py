"""Labels and well-known names that several layers must spell alike; what two places agree on is written once."""

from __future__ import annotations

STACK_LABEL = "aigc/stack"
"""On every Kubernetes object of a stack: the inventory by which pruning knows what is ours."""
POOL_LABEL = "aigc/pool"
"""On every node of a pool of ours; endpoints select nodes by it."""
CAPACITY_LABEL = "aigc/capacity"
"""How a node is paid for: reserved, on_demand or spot."""
PRESENT = "present"
"""Value of the taint GKE itself sets on accelerator nodes (`nvidia.com/gpu=present:NoSchedule`); ours on all clouds."""

MODELS_NAMESPACE = "models"
KNATIVE_NAMESPACE = "knative-serving"
KNATIVE_OPERATOR_NAMESPACE = "knative-operator"
GATEWAY_NAMESPACE = "gateway"
MONITORING_NAMESPACE = "monitoring"
DEFAULT_DOMAIN = "aigc.internal"
LOCAL_REGISTRY = "dev.local"
"""Prefix of images that exist only inside the local cluster; Knative does not resolve digests under it."""
