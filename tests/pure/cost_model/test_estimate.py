"""Times worked out by hand, what measurements override, and what is refused for which reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from aigc.catalog.accelerators import Accelerator
from aigc.catalog.model_work import ModelWork, Precision
from aigc.plan.cost_model.estimate import Basis, Estimate, estimate
from aigc.plan.cost_model.phases import USUAL_LAYERS
from aigc.plan.cost_model.physics import accelerator_by_id
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import ASSUMED, Bound, Efficiency
from aigc.plan.cost_model.served_work import ServedWork
from tests.pure.cost_model.examples import ACCELERATOR, CHAT, REACHED, SERVED, WORK, profile


def estimated(
    request: Request, batch: int, profiles: tuple[Profile, ...] = (), efficiency: Efficiency = REACHED
) -> Estimate:
    found = estimate(SERVED, ACCELERATOR, request, batch, profiles, efficiency)
    assert isinstance(found, Estimate), found
    return found


def refused(
    request: Request = CHAT, batch: int = 1, accelerator: Accelerator = ACCELERATOR, served: ServedWork = SERVED
) -> Rejection:
    found = estimate(served, accelerator, request, batch)
    assert isinstance(found, Rejection), found
    return found


def without(**changed: object) -> Accelerator:
    return ACCELERATOR.model_copy(update=changed)


def working(**changed: object) -> ServedWork:
    return replace(SERVED, work=WORK.model_copy(update=changed))


def test_a_single_request_waits_for_the_weights() -> None:
    # Reading: 100 x 10e9 FLOPs / (100e12 x 0.5 /s) = 20 ms, against (10e9 + 100 x (1e6 + 1e6 of cache)) bytes
    # / (1000e9 x 0.8 /s) = 12.75 ms. With 1 ms of overhead 21 ms, bound by arithmetic.
    # Writing: the first of 11 tokens came with the prompt, so 10 steps. Step k attends to 100 + k tokens, in sum 1055.
    # 10 x 10e9 + 1055 x 1e6 FLOPs = 2.0211 ms, against 10 x (10e9 + 2e6) + 1055 x 1e6 bytes = 126.34375 ms.
    # With 10 ms of overhead 136.34375 ms, bound by memory.
    found = estimated(CHAT, batch=1)
    prefill, decode = found.phases
    assert (prefill.name, prefill.steps, prefill.bound) == ("prefill", 1, Bound.COMPUTE)
    assert prefill.ms == pytest.approx(21)
    assert (decode.name, decode.steps, decode.bound) == ("decode", 10, Bound.MEMORY)
    assert decode.ms == pytest.approx(136.34375)
    assert found.latency_ms == pytest.approx(157.34375)
    assert found.requests_per_second == pytest.approx(1000 / 157.34375)
    # 300 W for 0.15734375 s.
    assert found.most_joules_per_request == pytest.approx(47.203125)
    assert found.basis is Basis.ROOFLINE


def test_a_batch_reads_the_weights_once() -> None:
    # Reading: 8 x 20 ms + 1 ms. Writing: (10 x 10e9 + 8 x (10 x 2e6 + 1055 x 1e6)) / 800e9 /s = 135.75 ms + 10 ms.
    prefill, decode = estimated(CHAT, batch=8).phases
    assert prefill.ms == pytest.approx(161)
    assert decode.ms == pytest.approx(145.75)


def test_overhead_grows_with_the_layers() -> None:
    # Twice as many layers as a model has of which nobody says: 2 ms in place of 1 ms beside 20 ms, and ten times beside
    # 126.34375 ms.
    found = estimate(working(layers=2 * USUAL_LAYERS), ACCELERATOR, CHAT, 1, (), REACHED)
    assert isinstance(found, Estimate)
    assert [phase.ms for phase in found.phases] == pytest.approx([22, 146.34375])


def test_what_is_done_once_a_step_is_counted_once() -> None:
    # Reading with 50e9 FLOPs for the last token of the prompt beside 100 x 10e9: 21 ms + 1 ms. Ten steps without such.
    assert WORK.token_in is not None
    served = working(token_in=WORK.token_in.model_copy(update={"flops_per_step": 50e9}))
    found = estimate(served, ACCELERATOR, CHAT, 1, (), REACHED)
    assert isinstance(found, Estimate)
    assert found.phases[0].ms == pytest.approx(22)


def test_pixels_and_sound_are_phases_too() -> None:
    # 30 steps over 512 x 512 pixels: 30 x 262144 x 1e6 FLOPs / 50e12 /s = 157.2864 ms, against
    # 30 x (10e9 + 262144 x 100) / 800e9 /s = 375.983 ms; with 30 ms of overhead 405.983 ms.
    (denoise,) = estimated(Request(pixels=512 * 512, pixel_steps=30), batch=1).phases
    assert (denoise.name, denoise.steps, denoise.bound) == ("denoise", 30, Bound.MEMORY)
    assert denoise.ms == pytest.approx(405.98304)
    # 10 s of sound: 10 x 1e12 / 50e12 /s = 200 ms, against (10e9 + 10 x 1e9) / 800e9 /s = 25 ms.
    (audio,) = estimated(Request(audio_seconds=10.0), batch=1).phases
    assert (audio.name, audio.steps, audio.bound) == ("audio", 1, Bound.COMPUTE)
    assert audio.ms == pytest.approx(201)


def test_what_is_assumed_is_named() -> None:
    assumed = estimated(CHAT, batch=1, efficiency=ASSUMED).assumed
    assert assumed == (
        "0.5 of peak arithmetic is reached",
        "0.8 of memory bandwidth is reached",
        "a step of 11 layers takes 0.45 ms besides",
    )


def test_measurements_win_and_are_interpolated() -> None:
    profiles = (profile(8, 240.0), profile(2, 120.0), profile(2, 100.0), profile(4, 999.0, Request(tokens_in=1)))
    # Batch 2 took 110 ms on average, batch 8 240 ms: batch 5 is half way.
    between = estimated(CHAT, 5, profiles)
    assert between.latency_ms == pytest.approx(175)
    assert between.basis is Basis.MEASURED
    assert not between.assumed
    assert not between.phases
    # 2 / 0.12 s and 2 / 0.1 s are 18.333 requests/s on average, 8 / 0.24 s are 33.333.
    assert between.requests_per_second == pytest.approx((18.3333 + 33.3333) / 2, rel=1e-4)
    assert estimated(CHAT, 2, profiles).latency_ms == pytest.approx(110)
    assert estimated(CHAT, 8, profiles).latency_ms == pytest.approx(240)


@pytest.mark.parametrize("batch", [1, 9])
def test_measurements_are_not_extrapolated(batch: int) -> None:
    profiles = (profile(2, 110.0), profile(8, 240.0))
    assert estimated(CHAT, batch, profiles) == estimated(CHAT, batch)


def test_measurements_of_others_are_passed_over() -> None:
    other = {"model": "small", "accelerator_id": "example-80gb"}
    for key, value in other.items():
        profiles = (profile(1, 5.0).model_copy(update={key: value}),)
        assert estimated(CHAT, 1, profiles).basis is Basis.ROOFLINE


def test_a_measurement_needs_no_work_and_no_physics() -> None:
    served = replace(SERVED, work=Rejection("nobody counted"))
    nothing = without(memory_bandwidth_gb_s=None, memory_gb=None, tdp_w=None)
    found = estimate(served, nothing, CHAT, 1, (profile(1, 50.0),))
    assert isinstance(found, Estimate)
    assert (found.latency_ms, found.most_joules_per_request) == (50.0, None)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"memory_bandwidth_gb_s": None}, "the memory bandwidth of Example 40GB is not known"),
        ({"fp16_bf16_dense_tflops": None}, "the fp16_bf16 peak of Example 40GB is not known"),
        ({"memory_gb": None}, "the memory of Example 40GB is not known"),
    ],
)
def test_unknown_physics_is_refused(changed: dict[str, None], reason: str) -> None:
    assert refused(accelerator=without(**changed)) == Rejection(reason)


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.INT8, Precision.FP8, Precision.FP4])
def test_each_precision_needs_a_peak_of_its_own(precision: Precision) -> None:
    reason = f"the {precision.value} peak of Example 40GB is not known"
    assert refused(served=working(precision=precision)) == Rejection(reason)


@pytest.mark.parametrize(
    ("unit", "request_"),
    [
        ("token_in", CHAT),
        ("token_out", CHAT),
        ("pixel_step", Request(pixels=64, pixel_steps=2)),
        ("audio_second", Request(audio_seconds=1.0)),
    ],
)
def test_unknown_work_is_refused(unit: str, request_: Request) -> None:
    reason = f"the work of large a {unit.replace('_', ' ')} is not known"
    assert refused(request_, served=working(**{unit: None})) == Rejection(reason)


def test_work_that_nobody_stated_is_refused_with_its_own_reason() -> None:
    assert refused(served=replace(SERVED, work=Rejection("nobody counted"))) == Rejection("nobody counted")


def test_an_accelerator_without_a_row_is_refused() -> None:
    assert accelerator_by_id("cpu") == Rejection("the catalog knows nothing of the accelerator cpu")


def test_a_request_beyond_the_context_is_refused() -> None:
    reason = "a request has 4097 tokens, the context of large holds 4096"
    assert refused(Request(tokens_in=4000, tokens_out=97)) == Rejection(reason)
    assert isinstance(estimate(SERVED, ACCELERATOR, Request(tokens_in=4000, tokens_out=96), 1), Estimate)


def test_a_batch_beyond_the_memory_is_refused_with_the_largest_that_fits() -> None:
    # 40 GB less 10 GB of weights is room for 10 requests of 3000 tokens of 1 MB each.
    long = Request(tokens_in=2000, tokens_out=1000)
    reason = "Example 40GB has 40 GB, a batch of 11 needs 43 GB; the largest batch that fits is 10"
    assert refused(long, batch=11) == Rejection(reason, largest_batch=10)
    assert estimated(long, batch=10).batch == 10


def test_a_model_that_does_not_fit_at_all_is_refused() -> None:
    reason = "Example 40GB has 40 GB, less than 40 GB of weights and 0.111 GB of cache a request"
    assert refused(served=working(weight_bytes=40e9)) == Rejection(reason, largest_batch=0)


def test_no_batch_is_no_question() -> None:
    with pytest.raises(ValueError, match="at least 1 request, not 0"):
        estimate(SERVED, ACCELERATOR, CHAT, 0)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "asks for nothing"),
        ({"tokens_out": 3}, "tokens_out without tokens_in"),
        ({"pixels": 64}, "belong together"),
        ({"tokens_in": 1, "pixel_steps": 2}, "belong together"),
        ({"tokens_in": -1}, "greater than or equal to 0"),
    ],
)
def test_a_request_asks_for_something(asked: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Request.model_validate(asked)


def test_work_is_no_negative_number() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        ModelWork.model_validate_json('{"precision": "fp8", "weight_bytes": 1, "token_in": {"flops": -1, '
                                      '"activation_bytes": 0}}')  # fmt: skip
