"""The list of the handbook as data: each place and each accelerator, with a stack that uses it or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.pure.plan.gke_stacks import with_pool
from tests.pure.plan.managed_stacks import managed_stack
from tests.pure.plan.stacks_for_tests import aws, azure
from tests.pure.plan.tpu_vm_stacks import tpu_vm_stack

Ask: TypeAlias = "dict[str, Any] | Callable[[Path], dict[str, Any]]"
"""`aigc:stack` of a stack file, or what makes it of a model repository."""


@dataclass(frozen=True)
class Uses:
    """A stack of this repository by its name, or one of a test, with what must be in its plan."""

    row: str
    stack: str | Ask
    machine_type: str | None = None
    accelerator: str | None = None
    """Of the pool that an endpoint lands on; None: it has none."""
    managed: bool = False
    tpu_vm: bool = False


@dataclass(frozen=True)
class Refused:
    """A stack that `validate` refuses: where, and words of its reason and of its way out."""

    row: str
    stack: Ask
    where: str
    reason: str
    way_out: str


def _on_aws(machine_type: str, **more: Any) -> dict[str, Any]:
    pools = {"platform": aws()["pools"]["platform"], "x": {"machine_type": machine_type, **more}}
    return aws(pools=pools, models={"tiny": {"pool": "x"}})


def _on_azure(machine_type: str) -> dict[str, Any]:
    pools = {"platform": azure()["pools"]["platform"], "x": {"machine_type": machine_type}}
    return azure(pools=pools, models={"tiny": {"pool": "x"}})


def _on_gcp(machine_type: str) -> dict[str, Any]:
    return with_pool(machine_type=machine_type)


def _managed_on(stack: dict[str, Any]) -> dict[str, Any]:
    return stack | {"models": {"tiny": {}, "batched": {"mode": "managed"}}}


HANDBOOK: tuple[Uses | Refused, ...] = (
    Uses("AWS", "aws-dev", "g6.2xlarge", "nvidia-l4"),
    Uses("AWS", "aws-prod", "g6.2xlarge", "nvidia-l4"),
    Uses("GCP", "gcp-dev", "g2-standard-8", "nvidia-l4"),
    Uses("GCP", "gcp-prod", "g2-standard-8", "nvidia-l4"),
    Uses("Azure", "azure-dev", "Standard_NC8as_T4_v3", "nvidia-t4"),
    Uses("Azure", "azure-prod", "Standard_NC8as_T4_v3", "nvidia-t4"),
    Uses("SageMaker", managed_stack, "ml.g6.xlarge", "nvidia-l4", managed=True),
    Refused("Vertex AI", _managed_on(with_pool(machine_type="g2-standard-8")), "models.batched.mode",
            "Vertex AI serves models of its registry", "auto, knative or steady"),
    Refused("Azure ML", _managed_on(azure()), "models.batched.mode", "Azure Machine Learning gives an image no command",
            "auto, knative or steady"),
    Refused("Project Bonsai", azure(cloud="bonsai"), "cloud",
            "Project Bonsai cannot be had any more: its public code is read-only since 2024-02-08", "cloud: azure"),
    Uses("GPU V100", _on_aws("p3dn.24xlarge"), "p3dn.24xlarge", "nvidia-v100-32gb"),
    Refused("GPU V100: EC2 P3", _on_aws("p3.2xlarge"), "pools.x.machine_type", "2026-07-10", "g4dn.xlarge (NVIDIA T4)"),
    Refused("GPU V100: Azure NCv3", _on_azure("Standard_NC6s_v3"), "pools.x.machine_type", "retired 2025-09-30",
            "Standard_NC4as_T4_v3 (NVIDIA T4)"),
    Refused("GPU V100: N1 of Google", _on_gcp("n1-* + nvidia-tesla-v100 x1"), "pools.x.machine_type",
            "is not one machine", "another row"),
    Uses("GPU A100", _on_aws("p4d.24xlarge"), "p4d.24xlarge", "nvidia-a100-40gb"),
    Uses("GPU A100", _on_gcp("a2-highgpu-1g"), "a2-highgpu-1g", "nvidia-a100-40gb"),
    Uses("GPU A100", _on_azure("Standard_NC24ads_A100_v4"), "Standard_NC24ads_A100_v4", "nvidia-a100-80gb-pcie"),
    Uses("GPU H100", _on_aws("p5.4xlarge"), "p5.4xlarge", "nvidia-h100-80gb-sxm"),
    Uses("GPU H100", _on_gcp("a3-highgpu-1g"), "a3-highgpu-1g", "nvidia-h100-80gb-sxm"),
    Uses("GPU H100", _on_azure("Standard_NC40ads_H100_v5"), "Standard_NC40ads_H100_v5", "nvidia-h100-nvl-94gb"),
    Uses("TPU v4", _on_gcp("ct4p-hightpu-4t"), "ct4p-hightpu-4t", "tpu-v4"),
    Uses("TPU v5e", _on_gcp("ct5lp-hightpu-4t"), "ct5lp-hightpu-4t", "tpu-v5e"),
    Uses("TPU v5p", _on_gcp("ct5p-hightpu-4t"), "ct5p-hightpu-4t", "tpu-v5p"),
    Uses("TPU v6e", _on_gcp("ct6e-standard-4t"), "ct6e-standard-4t", "tpu-v6e"),
    Uses("TPU 7x", _on_gcp("tpu7x-standard-4t"), "tpu7x-standard-4t", "tpu-v7x"),
    Uses("Cloud TPU VM", tpu_vm_stack(), accelerator="tpu-v6e", tpu_vm=True),
    Refused("Cloud TPU VM: 7x", tpu_vm_stack(accelerator="tpu-v7x", topology="2x2x1"), "tpu_vms.embed.accelerator",
            "gets no new features", "tpu7x-standard-4t"),
    Uses("Inferentia", _on_aws("inf2.xlarge"), "inf2.xlarge", "aws-inferentia2"),
    Refused("Inferentia of the first generation", _on_aws("inf1.xlarge"), "pools.x.machine_type",
            "knows no Inferentia1 since version 2.24", "Neuron"),
    Uses("FPGA Stratix 10", "onprem", "Intel Xeon Gold 6226R, PAC D5005", "intel-stratix10"),
    Uses("FPGA F2", _on_aws("f2.6xlarge"), "f2.6xlarge", "amd-vu47p"),
    Refused("FPGA F1", _on_aws("f1.2xlarge"), "pools.x.machine_type", "retired 2025-12-20", "f2.6xlarge"),
    Refused("FPGA NP of Azure", _on_azure("Standard_NP10s"), "pools.x.machine_type", "no device plugin advertises it",
            "without any accelerator"),
    Uses("CPU EPYC", _on_aws("c7a.2xlarge", min_nodes=1), "c7a.2xlarge"),
    Uses("CPU EPYC", _on_azure("Standard_D8as_v6"), "Standard_D8as_v6"),
    Uses("CPU Xeon", _on_aws("c7i.2xlarge", min_nodes=1), "c7i.2xlarge"),
    Uses("CPU Xeon", _on_azure("Standard_D8s_v6"), "Standard_D8s_v6"),
)  # fmt: skip
