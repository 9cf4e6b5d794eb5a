"""Which system image the nodes of a pool get, on clouds where the plan chooses it: AMI types of EKS, SKUs of AKS.

Those of Amazon Linux 2 are no longer published (2025-11-26, amazon-eks-ami doc/usage/al2.md) and are not here.
"""

from __future__ import annotations

from aigc.catalog.accelerators import CPU
from aigc.catalog.kinds import Cloud
from aigc.catalog.labels import NVIDIA_RESOURCE
from aigc.catalog.machines import Machine

_EKS = {
    ("x86_64", CPU): "AL2023_x86_64_STANDARD",
    ("arm64", CPU): "AL2023_ARM_64_STANDARD",
    ("x86_64", NVIDIA_RESOURCE): "AL2023_x86_64_NVIDIA",
    ("arm64", NVIDIA_RESOURCE): "AL2023_ARM_64_NVIDIA",
}
"""Built for every minor by awslabs/amazon-eks-ami (CHANGELOG of 2026-07-23). AL2023_x86_64_NEURON is left out: a node
of it would hold nothing, see `image_gap`."""
_AKS = {("x86_64", CPU): "Ubuntu", ("arm64", CPU): "Ubuntu", ("x86_64", NVIDIA_RESOURCE): "Ubuntu"}
"""AKS installs NVIDIA's driver on Ubuntu (azure-aks-docs, use-nvidia-gpu.md); for GPUs beside Arm processors its
documents name no image."""
_IMAGES = {Cloud.AWS: _EKS, Cloud.AZURE: _AKS}
_GAPS = {
    "aws.amazon.com/neuron": "the Triton image has no Neuron backend and Neuron's device plugin is not installed",
    None: "no device plugin advertises it to Kubernetes",
}


def node_image(cloud: Cloud, machine: Machine) -> str | None:
    """The AMI type on EKS, the SKU of the system on AKS; None on clouds that choose themselves, and where `image_gap`
    says why there is none."""
    return _IMAGES.get(cloud, {}).get((machine.architecture, machine.k8s_resource or ""))


def image_gap(cloud: Cloud, machine: Machine) -> str | None:
    """Why no pool of ours can be of this machine; None where it can."""
    if cloud not in _IMAGES or node_image(cloud, machine):
        return None
    carried = machine.accelerator or "no accelerator"
    reason = _GAPS.get(machine.k8s_resource, f"there is no image for it on {machine.architecture}")
    return f"{machine.machine_type} carries {carried}: {reason}"
