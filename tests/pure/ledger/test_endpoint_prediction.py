"""What is predicted of a load of an endpoint: by its stack file, by batches, or nothing with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aigc.config.spec import ModelSpec, PredictedSpec, TrafficSpec
from aigc.plan.cost_model.request import Request
from aigc.plan.ledger.endpoint_load import Basis, NotPredicted, Predicted
from aigc.plan.ledger.endpoint_prediction import Asked, Machine, by_batches, by_stack_file, hardware_of
from aigc.plan.ledger.serving import Expected, Way, served_loads
from aigc.plan.ledger.serving_file import Loop
from aigc.plan.stack_plan import EndpointPlan
from aigc.plan.validation import plan_of
from tests.pure.ledger.served_examples import BATCHING, CPU_NAME, RATE, serving_file

REQUEST = Request(tokens_in=33, tokens_out=8)
OPEN = Asked(Loop(rate=RATE), poisson=True, requests=(REQUEST,))
HERE = Machine(CPU_NAME, cores=1)
SOURCE = "stacks/Pulumi.test.yaml"
REPLICA = PredictedSpec(requests_per_second=20.0, p50_ms=80.0, p99_ms=350.0)


def endpoint(**scaling: Any) -> EndpointPlan:
    """gpt of the local stack, whose batching is that of the example."""
    found = plan_of("local").endpoints[0]
    assert found.models[0] == "gpt"
    return found.model_copy(update={"scaling": found.scaling.model_copy(update=scaling)})


def of_stack(rate: float | None, replicas: int = 2, poisson: bool = True, **changed: Any) -> Any:
    """20 requests/s a replica are predicted, and latencies for 15 of them and twice as many at the peak."""
    traffic = TrafficSpec(requests_per_second=15.0, peak_factor=2.0)
    model = ModelSpec(**{"predicted": REPLICA, "traffic": traffic, **changed})
    loop = Loop(concurrency=4) if rate is None else Loop(rate=rate)
    asked = Asked(loop, poisson, (REQUEST,))
    return by_stack_file(model, endpoint(max_replicas=replicas), asked, SOURCE, "nvidia-l4")


def of_batches(asked: Asked = OPEN, here: Machine = HERE, **changed: Any) -> Predicted | NotPredicted:
    return by_batches(serving_file(loads=[], **changed), "serving.json", endpoint(), asked, here)


def test_a_stack_file_predicts_the_traffic_that_it_expects() -> None:
    found = of_stack(31.0)
    assert (found.basis, found.source, found.hardware) == (Basis.STACK_FILE, SOURCE, "nvidia-l4")
    assert (found.requests_per_second, found.p50_ms, found.p99_ms) == (31.0, 80.0, 350.0)
    assert found.left_out == (
        "lengths of requests other than those expected", "the way through gateway, queue-proxy and mux",
        "starts from zero", "how many of up to 2 replicas are there",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rate": 15.0}, "latencies, which are predicted for 30 requests/s and not for 15"),
        ({"rate": 30.0, "poisson": False}, "latencies, which are predicted for random gaps"),
        ({"rate": 30.0, "traffic": None}, "latencies, as the stack file names no traffic for which they hold"),
    ],
)
def test_latencies_of_another_load_are_left_out_and_throughput_is_not(changed: dict[str, Any], why: str) -> None:
    found = of_stack(**changed)
    assert (found.requests_per_second, found.p50_ms, found.p99_ms) == (changed["rate"], None, None)
    assert found.left_out[0] == why


def test_a_stack_file_predicts_neither_more_than_its_replicas_serve_nor_a_closed_loop() -> None:
    for rate, replicas, reason in (
        (41.0, 2, f"{SOURCE} predicts 40 requests/s of 2 replicas within the objective, and nothing of 41"),
        (21.0, 1, f"{SOURCE} predicts 20 requests/s of 1 replica within the objective, and nothing of 21"),
        (None, 2, f"{SOURCE} predicts 40 requests/s of 2 replicas, and of users who wait for their answers nothing"),
    ):
        assert of_stack(rate, replicas) == NotPredicted(reason=reason, hardware="nvidia-l4")
    assert of_stack(30.0, predicted=None) is None


def test_batches_predict_what_the_ledger_predicts_of_the_same_server() -> None:
    known = {one.way: one.expected for one in served_loads(serving_file()) if one.load.rate}[Way.SIMULATION]
    found = of_batches()
    assert isinstance(found, Predicted)
    assert (found.basis, found.source, found.hardware) == (Basis.BATCHES, "serving.json of 2026-11-29", CPU_NAME)
    for quantity in ("requests_per_second", "p50_ms", "p99_ms"):
        assert getattr(found, quantity) == getattr(known, quantity)
    closed = of_batches(replace(OPEN, loop=Loop(concurrency=1)))
    assert isinstance(closed, Predicted)
    first = next(served_loads(serving_file()))
    assert isinstance(first.expected, Expected)
    assert (first.load.concurrency, closed.p50_ms) == (1, first.expected.p50_ms)


def test_what_a_prediction_leaves_out_is_what_the_endpoint_has() -> None:
    found = of_batches(replace(OPEN, unlike=("what http costs more than gRPC",)), Machine(CPU_NAME, cores=4))
    assert isinstance(found, Predicted)
    assert found.left_out == (
        "what http costs more than gRPC", "the way through gateway, queue-proxy and mux", "starts from zero",
        "more than 1 of 4 cores",
    )  # fmt: skip
    always = by_batches(serving_file(), "", endpoint(min_replicas=1), OPEN, HERE)
    assert isinstance(always, Predicted)
    assert always.left_out == ("the way through gateway, queue-proxy and mux",)


def test_more_than_can_be_done_has_no_bound() -> None:
    found = of_batches(replace(OPEN, loop=Loop(rate=1000.0)))
    assert isinstance(found, Predicted)
    assert (found.without_bound, found.p50_ms, found.p99_ms) == (True, None, None)
    # Full batches of 8 in 36 ms.
    assert found.requests_per_second == pytest.approx(8 / 0.036, rel=0.05)


MIXED = (REQUEST, Request(tokens_in=34, tokens_out=8))


@pytest.mark.parametrize(
    ("asked", "here", "changed", "reason"),
    [
        (OPEN, Machine("Other", 1), {}, f"batches were measured on {CPU_NAME}, and this is Other"),
        (OPEN, Machine(None, 1), {}, f"batches were measured on {CPU_NAME}, and this is a processor without a name"),
        (OPEN, HERE, {"model": "gpt_handbook"}, f"no batches of gpt were measured on {CPU_NAME}"),
        (
            replace(OPEN, requests=MIXED[1:]), HERE, {},
            "batches of gpt were measured with 33 tokens in and 8 out, and this load has 34 tokens in and 8 out: "
            "what others take cannot be worked out on a processor of which no peaks are known",
        ),
        (
            replace(OPEN, requests=MIXED), HERE, {},
            "batches of gpt were measured with 33 tokens in and 8 out, and this load has 2 lengths: "
            "what others take cannot be worked out on a processor of which no peaks are known",
        ),
        (
            OPEN, HERE, {"batching": {**BATCHING, "instances": 1}},
            "batches of gpt were measured with another batching than the endpoint has",
        ),
        (
            replace(OPEN, poisson=False), HERE, {},
            "requests come at constant gaps, and predictions are of random ones",
        ),
        (
            OPEN, HERE, {"batches": [{"batch": 1, "busy_ms": 15.0, "ms": [20.0]}]},
            f"the memory of {CPU_NAME} is not known",
        ),
    ],
)  # fmt: skip
def test_nothing_is_guessed(asked: Asked, here: Machine, changed: dict[str, Any], reason: str) -> None:
    assert of_batches(asked, here, **changed) == NotPredicted(reason=reason, hardware=here.cpu)


def test_the_hardware_is_that_of_the_pools_else_of_the_machine() -> None:
    local, cloud = plan_of("local"), plan_of("gcp-prod")
    assert hardware_of(local, local.endpoints[0], HERE) == CPU_NAME
    assert hardware_of(local, local.endpoints[0], None) is None
    accelerators = {hardware_of(cloud, one, None) for one in cloud.endpoints}
    assert accelerators == {pool.accelerator for pool in cloud.pools if pool.accelerator}
