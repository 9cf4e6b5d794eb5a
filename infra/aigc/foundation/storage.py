"""Kinds of volumes that claims of the stack name, where the cloud leaves them to its user."""

from __future__ import annotations

from aigc.catalog.labels import EBS_STORAGE_CLASS
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_OF_THE_ADDON = "ebs.csi.aws.com"
_OF_AUTO_MODE = "ebs.csi.eks.amazonaws.com"
"""Drivers of the same disks, neither of which takes a disk of the other's (EKS user guide, create-storage-class)."""


def storage_class_bodies(plan: StackPlan) -> list[Body]:
    """The one for the disks of EBS: EKS brings a class of the older disks, and marks none as the default."""
    if plan.monitoring is None or plan.monitoring.storage_class != EBS_STORAGE_CLASS:
        return []
    ebs: Body = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": EBS_STORAGE_CLASS},
        "provisioner": _OF_AUTO_MODE if plan.cluster.auto_mode else _OF_THE_ADDON,
        "parameters": {"type": "gp3", "encrypted": "true"},
        # A disk lies in one zone: its pod is placed first.
        "volumeBindingMode": "WaitForFirstConsumer",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
    }
    return [ebs]


class Storage(Component):
    """The classes, if a stack needs any."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle) -> None:
        super().__init__(name)
        self.objects = add_objects(cluster, self, storage_class_bodies(plan), cluster.ready)
        self.done({})
