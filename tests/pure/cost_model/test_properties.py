"""What holds for any model and accelerator: more work is never quicker, and a faster accelerator never slower."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.plan.cost_model.estimate import Estimate, estimate
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import Bound, Efficiency, Roofs, roofs_of
from aigc.plan.cost_model.served_work import ServedWork
from tests.pure.cost_model.examples import ACCELERATOR

ROUNDING = 1e-9
EXAMPLES = settings(max_examples=200, deadline=None)
SHARES = st.floats(0.01, 1)
BATCHES = st.integers(1, 512)
FACTORS = st.floats(1, 100)


def amounts(most: float) -> st.SearchStrategy[float]:
    return st.just(0.0) | st.floats(1, most)


units = st.builds(
    UnitWork,
    flops=amounts(1e13),
    flops_per_context_token=amounts(1e8),
    activation_bytes=amounts(1e9),
    flops_per_step=amounts(1e12),
    activation_bytes_per_step=amounts(1e9),
)
works = st.builds(
    ModelWork,
    precision=st.just(Precision.FP16_BF16),
    layers=st.none() | st.integers(1, 200),
    weight_bytes=st.floats(1, 1e12),
    kv_cache_bytes_per_token=amounts(1e7),
    token_in=units,
    token_out=units,
    pixel_step=units,
    audio_second=units,
)
served_works = st.builds(ServedWork, model=st.just("any"), work=works)
accelerators = st.builds(
    lambda bandwidth, tflops: ACCELERATOR.model_copy(
        update={"memory_gb": 1e9, "memory_bandwidth_gb_s": bandwidth, "fp16_bf16_dense_tflops": tflops}
    ),
    st.floats(100, 10_000),
    st.floats(1, 10_000),
)
efficiencies = st.builds(Efficiency, SHARES, SHARES, st.floats(0, 10))
requests = (
    st.builds(Request, tokens_in=st.integers(1, 4096), tokens_out=st.integers(0, 4096))
    | st.builds(Request, pixels=st.integers(1, 2**20), pixel_steps=st.integers(1, 50))
    | st.builds(Request, audio_seconds=st.floats(0.1, 3600))
)


def estimated(
    served: ServedWork, accelerator: Accelerator, request: Request, batch: int, efficiency: Efficiency
) -> Estimate:
    found = estimate(served, accelerator, request, batch, (), efficiency)
    assert isinstance(found, Estimate), found
    return found


@EXAMPLES
@given(served_works, accelerators, requests, BATCHES, BATCHES, efficiencies)
def test_a_larger_batch_is_never_quicker_and_never_serves_less(
    served: ServedWork, accelerator: Accelerator, request: Request, batch: int, more: int, efficiency: Efficiency
) -> None:
    small = estimated(served, accelerator, request, batch, efficiency)
    large = estimated(served, accelerator, request, batch + more, efficiency)
    assert large.latency_ms >= small.latency_ms * (1 - ROUNDING)
    assert large.requests_per_second >= small.requests_per_second * (1 - ROUNDING)


@EXAMPLES
@given(served_works, accelerators, requests, BATCHES, efficiencies)
def test_a_batch_bound_by_arithmetic_gains_nothing_but_its_overhead_from_more(
    served: ServedWork, accelerator: Accelerator, request: Request, batch: int, efficiency: Efficiency
) -> None:
    without_overhead = Efficiency(efficiency.compute, efficiency.memory, 0.0)
    found = estimated(served, accelerator, request, batch, without_overhead)
    twice = estimated(served, accelerator, request, 2 * batch, without_overhead)
    for before, after in zip(found.phases, twice.phases, strict=True):
        if before.bound is Bound.COMPUTE:
            assert after.bound is Bound.COMPUTE
            assert abs(after.ms - 2 * before.ms) <= ROUNDING * after.ms
        else:
            assert after.ms <= 2 * before.ms * (1 + ROUNDING)


@EXAMPLES
@given(served_works, accelerators, requests, BATCHES, efficiencies, FACTORS, FACTORS)
def test_a_faster_accelerator_is_never_slower(
    served: ServedWork,
    accelerator: Accelerator,
    request: Request,
    batch: int,
    efficiency: Efficiency,
    bandwidth: float,
    tflops: float,
) -> None:
    assert accelerator.memory_bandwidth_gb_s is not None
    assert accelerator.fp16_bf16_dense_tflops is not None
    faster = accelerator.model_copy(
        update={
            "memory_bandwidth_gb_s": accelerator.memory_bandwidth_gb_s * bandwidth,
            "fp16_bf16_dense_tflops": accelerator.fp16_bf16_dense_tflops * tflops,
        }
    )
    before = estimated(served, accelerator, request, batch, efficiency)
    after = estimated(served, faster, request, batch, efficiency)
    assert after.latency_ms <= before.latency_ms * (1 + ROUNDING)


@EXAMPLES
@given(served_works, accelerators, requests, st.lists(BATCHES, min_size=1, max_size=5), efficiencies)
def test_several_batches_at_once_take_what_each_takes(
    served: ServedWork, accelerator: Accelerator, request: Request, batches: list[int], efficiency: Efficiency
) -> None:
    each = [estimated(served, accelerator, request, batch, efficiency).latency_ms for batch in batches]
    assert isinstance(served.work, ModelWork)
    roofs = roofs_of(served.model, served.work, accelerator, request)
    assert isinstance(roofs, Roofs)
    assert roofs.batch_ms(np.array(batches, np.float64), efficiency) == pytest.approx(each, rel=ROUNDING)


@EXAMPLES
@given(served_works, st.floats(0.001, 1000), requests, BATCHES)
def test_the_largest_batch_fits_and_one_more_does_not(
    served: ServedWork, memory_gb: float, request: Request, batch: int
) -> None:
    accelerator = ACCELERATOR.model_copy(update={"memory_gb": memory_gb})
    found = estimate(served, accelerator, request, batch)
    if isinstance(found, Estimate):
        return
    largest = found.largest_batch
    assert largest is not None
    assert largest < batch
    assert largest == 0 or isinstance(estimate(served, accelerator, request, largest), Estimate)
    assert isinstance(estimate(served, accelerator, request, largest + 1), Rejection)
