"""Nodes that somebody has already, as a stack file describes them: nothing is made, pods are placed by it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aigc.catalog.kinds import TaintEffect
from aigc.config.spec_model import SpecModel, Text


class TaintSpec(SpecModel):
    """A taint that keeps pods off which do not tolerate it."""

    key: Text
    """Its key, for instance nvidia.com/gpu."""
    value: Annotated[str, Field(max_length=63)] = ""
    """Its value; taints often have none."""
    effect: TaintEffect = TaintEffect.NO_SCHEDULE
    """What it does to pods that do not tolerate it."""


class NodesSpec(SpecModel):
    """Nodes of a cluster you already have, alike in what a pod gets of one; `kubectl describe node` shows all of it."""

    node_selector: dict[Text, Annotated[str, Field(max_length=63)]] = Field(default={}, max_length=32)
    """Labels that these nodes have, and only these. Default: aigc/pool with the pool's name, which you put on them:
    kubectl label node NODE aigc/pool=NAME."""
    taints: tuple[TaintSpec, ...] = Field(default=(), max_length=16)
    """Taints that these nodes have; pods that land on them tolerate each."""
    vcpus: int | None = Field(default=None, ge=1, le=4096)
    """Whole processors of one node that pods may request: `Allocatable`, not `Capacity`. Not known when absent."""
    memory_gib: float | None = Field(default=None, gt=0, le=65_536)
    """Memory of one node that pods may request, likewise `Allocatable`. Not known when absent."""
    accelerator: Text | None = None
    """What they carry, an id of infra/aigc/catalog/accelerators.yaml. None when absent."""
    accelerators_per_node: int | None = Field(default=None, ge=1, le=64)
    """How many of it one node has. Default: 1 where there is an accelerator."""
    resource_key: Text | None = None
    """Extended resource that its device plugin advertises. Default: that of the same accelerator on a cloud; an FPGA's
    is its card's own, fpga.intel.com/af-... or fpga.intel.com/region-..., and has to be written."""
    install_device_plugin: bool = False
    """Whether the stack installs the device plugin on these nodes; else it is there already. NVIDIA's, or Intel's for
    FPGAs in mode af; drivers are the cluster's owner's."""
