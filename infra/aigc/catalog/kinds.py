"""The closed sets of words that stack files and plans share, below both so that neither has to import the other."""

from __future__ import annotations

import importlib.util
from enum import StrEnum


class Cloud(StrEnum):
    """Where the cluster is: a provider's, one that exists already, or this machine.

    Of these checks and plans know something; a folder of `aigc.clouds` is a cloud without a word here.
    """

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"
    EXISTING = "existing"
    LOCAL = "local"

    @classmethod
    def _missing_(cls, value: object) -> Cloud | None:
        if not isinstance(value, str) or not _has_folder(value):
            return None
        named = str.__new__(cls, value)
        named._name_, named._value_ = value.upper(), value
        return named

    @property
    def makes_nodes(self) -> bool:
        """Whether pools become machines there; elsewhere the nodes are there already."""
        return self not in (Cloud.EXISTING, Cloud.LOCAL)


def _has_folder(cloud: str) -> bool:
    """Whether `aigc.clouds` has a package of that name: found by its place, and not imported."""
    found = importlib.util.find_spec(f"aigc.clouds.{cloud}") if cloud.isidentifier() else None
    return found is not None and found.submodule_search_locations is not None


class CapacityType(StrEnum):
    """How a node is paid for."""

    RESERVED = "reserved"
    ON_DEMAND = "on_demand"
    SPOT = "spot"
    FLEX_START = "flex_start"
    """Google Cloud alone: for seven days at most, whenever there is capacity, for less than on demand."""


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it, as Kubernetes spells it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class GpuSharing(StrEnum):
    """How several pods use one GPU."""

    TIME_SHARING = "time_sharing"
    """Turn by turn; nothing keeps one from the memory of another."""
    MPS = "mps"
    """At once, through NVIDIA's Multi-Process Service."""


class NodeImage(StrEnum):
    """The family of a node's system image, where its user chooses it."""

    AL2023 = "al2023"
    """Amazon Linux 2023."""
    BOTTLEROCKET = "bottlerocket"
    """Bottlerocket: read-only, without a shell, with the device plugin of NVIDIA inside."""


class NodeProvisioning(StrEnum):
    """What makes nodes for pods that wait, where its user chooses it."""

    CLUSTER_AUTOSCALER = "cluster_autoscaler"
    """Resizes the scaling group of a pool."""
    KARPENTER = "karpenter"
    """Makes machines itself, for pools that go to none; pools whose nodes stay are groups of a fixed size."""
    AUTO_MODE = "auto_mode"
    """EKS itself makes the machines of every pool, and brings what a node needs (EKS Auto Mode)."""
    AUTO = "auto"
    """As Karpenter, which AKS itself runs: its node auto-provisioning."""


class NetworkPolicyEngine(StrEnum):
    """What enforces network policies, where its user chooses it; as AKS spells them."""

    CALICO = "calico"
    CILIUM = "cilium"


class SourceKind(StrEnum):
    """How a model's files reach its pod."""

    BAKED = "baked"
    BUCKET = "bucket"
    OCI = "oci"
