"""A model, an accelerator and requests in round numbers, so that a time can be worked out by hand."""

from __future__ import annotations

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import Efficiency
from aigc.plan.cost_model.served_work import ServedWork

WORK = ModelWork(
    precision=Precision.FP16_BF16,
    weight_bytes=10e9,
    kv_cache_bytes_per_token=1e6,
    token_in=UnitWork(flops=10e9, activation_bytes=1e6),
    token_out=UnitWork(flops=10e9, flops_per_context_token=1e6, activation_bytes=2e6),
    pixel_step=UnitWork(flops=1e6, activation_bytes=100),
    audio_second=UnitWork(flops=1e12, activation_bytes=1e9),
)
"""About what a model of 5 billion parameters of 2 bytes does."""
SERVED = ServedWork("large", WORK, context_tokens=4096)
ACCELERATOR = Accelerator(
    accelerator="Example 40GB",
    accelerator_id="example-40gb",
    memory_gb=40,
    memory_bandwidth_gb_s=1000,
    fp16_bf16_dense_tflops=100,
    int8_dense_tops=None,
    fp8_dense_tflops=None,
    tdp_w=300,
    source=("none",),
)
CHAT = Request(tokens_in=100, tokens_out=11)
REACHED = Efficiency(compute=0.5, memory=0.8, step_overhead_ms=1.0)


def profile(
    batch: int, latency_ms: float, request: Request = CHAT, requests_per_second: float | None = None
) -> Profile:
    """A measurement of the example; without a rate, of batches one after the other."""
    return Profile(
        model=SERVED.model,
        accelerator_id=ACCELERATOR.accelerator_id,
        request=request,
        batch=batch,
        latency_ms=latency_ms,
        requests_per_second=requests_per_second or 1000 * batch / latency_ms,
    )
