"""TPUs beside the cluster, as a stack file asks for them."""

from __future__ import annotations

from pydantic import Field

from aigc.catalog.kinds import CapacityType
from aigc.config.spec_model import SpecModel, Text


class TpuVmSpec(SpecModel):
    """One slice of TPUs that the Cloud TPU API makes, without Kubernetes, and the container that runs on it."""

    accelerator: Text
    """Its chips: tpu-v4, tpu-v5e, tpu-v5p or tpu-v6e."""
    topology: Text
    """Shape of the slice, quoted: "2x2", on v4 and v5p in three dimensions. A large one is several machines."""
    zone: Text
    """Zone of the stack's region that it is made in."""
    image: Text
    """Image of the container that serves, with a tag or a digest; the project brings none for TPUs."""
    command: tuple[Text, ...] = Field(default=(), max_length=64)
    """What is written behind the image: its command, or arguments of its entry point. Default: none."""
    files: Text | None = None
    """A folder in a bucket, gs://<bucket>/<folder>, copied to each machine and mounted read-only at /files."""
    port: int | None = Field(default=None, ge=1, le=65_535)
    """TCP port that nodes and pods of the cluster may reach. Default: none of its ports can be reached."""
    capacity: CapacityType = CapacityType.ON_DEMAND
    """How it is paid for: on_demand, spot, or reserved, which takes what the project has reserved in the zone."""
    runtime_version: Text | None = None
    """System image of its machines. Default: Google's for JAX and PyTorch on this version of TPU."""
