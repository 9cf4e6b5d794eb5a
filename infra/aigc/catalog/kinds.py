"""The closed sets of words that stack files and plans share, below both so that neither has to import the other."""

from __future__ import annotations

from enum import StrEnum


class Cloud(StrEnum):
    """Where the cluster is: a provider's, one that exists already, or this machine."""

    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"
    EXISTING = "existing"
    LOCAL = "local"


class CapacityType(StrEnum):
    """How a node is paid for."""

    RESERVED = "reserved"
    ON_DEMAND = "on_demand"
    SPOT = "spot"
    FLEX_START = "flex_start"
    """Google Cloud alone: for seven days at most, whenever there is capacity, for less than on demand."""


class GpuSharing(StrEnum):
    """How several pods use one GPU."""

    TIME_SHARING = "time_sharing"
    """Turn by turn; nothing keeps one from the memory of another."""
    MPS = "mps"
    """At once, through NVIDIA's Multi-Process Service."""


class SourceKind(StrEnum):
    """How a model's files reach its pod."""

    BAKED = "baked"
    BUCKET = "bucket"
    OCI = "oci"
