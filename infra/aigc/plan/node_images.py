"""Which system image the nodes of a pool get, on clouds where the plan chooses it: AMI types of EKS, SKUs of AKS.

Those of Amazon Linux 2 are no longer published (2025-11-26, amazon-eks-ami doc/usage/al2.md) and are not here.
"""

from __future__ import annotations

from typing import TypeAlias

from aigc.catalog.accelerators import CPU
from aigc.catalog.kinds import Cloud, NodeImage
from aigc.catalog.labels import NEURON_RESOURCE, NVIDIA_RESOURCE
from aigc.catalog.machines import Machine

_Images: TypeAlias = dict[tuple[str, str | None], str]
_AL2023: _Images = {
    ("x86_64", CPU): "AL2023_x86_64_STANDARD",
    ("arm64", CPU): "AL2023_ARM_64_STANDARD",
    ("x86_64", NVIDIA_RESOURCE): "AL2023_x86_64_NVIDIA",
    ("arm64", NVIDIA_RESOURCE): "AL2023_ARM_64_NVIDIA",
    ("x86_64", NEURON_RESOURCE): "AL2023_x86_64_NEURON",
    # FPGAs: the usual image, whose pods see no card, see `clouds/aws`.
    ("x86_64", None): "AL2023_x86_64_STANDARD",
}
"""Built for every minor by awslabs/amazon-eks-ami (CHANGELOG of 2026-07-23)."""
_BOTTLEROCKET: _Images = {
    ("x86_64", CPU): "BOTTLEROCKET_x86_64",
    ("arm64", CPU): "BOTTLEROCKET_ARM_64",
    ("x86_64", NVIDIA_RESOURCE): "BOTTLEROCKET_x86_64_NVIDIA",
    ("arm64", NVIDIA_RESOURCE): "BOTTLEROCKET_ARM_64_NVIDIA",
}
_EKS = {NodeImage.AL2023: _AL2023, NodeImage.BOTTLEROCKET: _BOTTLEROCKET}
_AKS: _Images = {("x86_64", CPU): "Ubuntu", ("arm64", CPU): "Ubuntu", ("x86_64", NVIDIA_RESOURCE): "Ubuntu"}
"""AKS installs NVIDIA's driver on Ubuntu (azure-aks-docs, use-nvidia-gpu.md); for GPUs beside Arm processors its
documents name no image."""


def is_bottlerocket(image: str | None) -> bool:
    """Whether a node image has Bottlerocket's two disks, and its device plugin."""
    return image is not None and image.startswith("BOTTLEROCKET_")


def node_image(cloud: Cloud, machine: Machine, family: NodeImage | None = None) -> str | None:
    """The AMI type on EKS, the SKU of the system on AKS; None on clouds that choose themselves, and where `image_gap`
    says why there is none."""
    if cloud is Cloud.AZURE:
        return _AKS.get((machine.architecture, machine.k8s_resource))
    if cloud is not Cloud.AWS or (family or NodeImage.AL2023) in machine.no_image:
        return None
    return _EKS[family or NodeImage.AL2023].get((machine.architecture, machine.k8s_resource))


def image_gap(cloud: Cloud, machine: Machine, family: NodeImage | None = None) -> str | None:
    """Why no pool of ours can be of this machine; None where it can."""
    if cloud not in (Cloud.AWS, Cloud.AZURE) or node_image(cloud, machine, family):
        return None
    carried = machine.accelerator or "no accelerator"
    if cloud is Cloud.AZURE:
        reason = f"there is no image for it on {machine.architecture}"
        if machine.k8s_resource is None:
            reason = "no device plugin advertises it to Kubernetes"
        return f"{machine.machine_type} carries {carried}: {reason}"
    image = family or NodeImage.AL2023
    reason = machine.no_image.get(image, f"there is none for that on {machine.architecture}")
    return f"{machine.machine_type} carries {carried}, and has no image of {image}: {reason}"
