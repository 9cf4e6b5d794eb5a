"""What an accelerator can do (memory, bandwidth, arithmetic), from accelerators.yaml; unknown stays None."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import ConfigDict, Field

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.model_work import Precision

CPU = "cpu"
"""What a stack file calls a node without an accelerator."""


class Accelerator(Row):
    """One GPU or one chip."""

    accelerator: str
    accelerator_id: str
    memory_gb: float | None
    memory_bandwidth_gb_s: float | None
    fp16_bf16_dense_tflops: float | None
    int8_dense_tops: float | None
    fp8_dense_tflops: float | None
    fp4_dense_tflops: float | None = None
    fp32_tflops: float | None = None
    """Of plain FP32 arithmetic, not of TF32, which rounds its factors."""
    tdp_w: float | None
    mig_partitions: dict[str, int] = Field(default={})
    """Size of a Multi-Instance GPU partition -> how many of it one GPU is cut into; empty where it cannot be cut."""
    note: str | None = None
    source: tuple[str, ...]

    def peak_tflops(self, precision: Precision) -> float | None:
        """The most it computes in these numbers without sparsity, in 10^12 operations/s; None is unknown."""
        return {
            Precision.FP32: self.fp32_tflops,
            Precision.FP16_BF16: self.fp16_bf16_dense_tflops,
            Precision.INT8: self.int8_dense_tops,
            Precision.FP8: self.fp8_dense_tflops,
            Precision.FP4: self.fp4_dense_tflops,
        }[precision]


class _File(Row):
    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str
    accelerator_physics: tuple[Accelerator, ...]


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Every accelerator by its id."""
    file = typed(_File, read_yaml("accelerators.yaml"), "catalog/accelerators.yaml")
    return MappingProxyType({row.accelerator_id: row for row in file.accelerator_physics})
