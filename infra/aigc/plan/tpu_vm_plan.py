"""The part of a plan that only TPUs beside the cluster have."""

from __future__ import annotations

from aigc.catalog.kinds import CapacityType
from aigc.plan.frozen import Frozen


class TpuVmPlan(Frozen):
    """One slice of TPUs without Kubernetes: all of its machines come and go together, and run the same container."""

    name: str
    physical_name: str
    """What it is called in the project."""
    zone: str
    accelerator: str
    """Catalog id, for instance `tpu-v6e`."""
    api_type: str
    """What the API calls it."""
    topology: str
    chips: int
    hosts: int
    """Machines of the slice."""
    runtime_version: str
    capacity: CapacityType
    image: str
    command: tuple[str, ...]
    files: str | None
    """Folder in a bucket that each machine copies; None: the image has all."""
    port: int | None
    """What nodes and pods of the cluster may reach; None: nothing."""
    quota: str | None
    """What the project's quota is called; None where nobody sourced it."""

    @property
    def files_bucket(self) -> str | None:
        """The bucket alone."""
        return self.files.removeprefix("gs://").split("/")[0] if self.files else None
