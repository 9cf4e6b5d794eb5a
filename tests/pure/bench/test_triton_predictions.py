"""What the bench of predictions makes of Triton's counts, of samples and of a command, checked by hand."""

from __future__ import annotations

import pytest

from tests.bench.bare_triton import free_ports, with_ports
from tests.bench.served_model import MODELS, Asked, batching_of, grpc_inputs
from tests.bench.servers import STARTS, EndedError, once_ready
from tests.bench.triton_batches import Batches, Counted
from tests.bench.triton_loads import LoadRun, LoadRuns, Used
from tests.pure.load.runs import run_of, sample


def counted(batches: dict[int, tuple[int, float]]) -> Counted:
    """From an answer of Triton: so many batches of each size, and milliseconds of computing for all of them."""
    sizes = [
        {
            "batch_size": size,
            "compute_input": {"count": count, "ns": 1e6},
            "compute_infer": {"count": count, "ns": (ms - 1.5) * 1e6},
            "compute_output": {"count": count, "ns": 0.5e6},
        }
        for size, (count, ms) in batches.items()
    ]
    return Counted.of({"model_stats": [{"batch_stats": sizes}]})


def test_a_batch_has_a_time_where_it_was_the_only_one_and_of_its_size() -> None:
    before = counted({1: (3, 60.0), 4: (1, 30.0)})
    assert counted({1: (3, 60.0), 4: (2, 65.0)}).one_batch_ms(before, 4) == pytest.approx(35.0)
    assert counted({1: (3, 60.0), 4: (1, 30.0), 8: (1, 90.0)}).one_batch_ms(before, 8) == pytest.approx(90.0)
    # Triton parted four requests into one and three.
    assert counted({1: (4, 80.0), 3: (1, 28.0), 4: (1, 30.0)}).one_batch_ms(before, 4) is None
    assert counted({1: (3, 60.0), 4: (3, 99.0)}).one_batch_ms(before, 4) is None


def test_a_lone_request_has_beside_a_busy_servers_batch_the_client_and_what_is_outside() -> None:
    kept = Batches(
        {2: [5.0, 4.0, 6.0], 1: [3.0]}, {16: [40.0, 44.0]}, [5.0, 3.5, 4.0], [0.3], {2: [4.0], 1: [2.0, 3.0]}, 2
    )
    assert kept.facts() == {
        "client_ms": 0.3,
        "outside_ms": 1.2,
        "batches": [
            {"batch": 1, "busy_ms": 2.5, "median_ms": 3.0, "ms": [3.0]},
            {"batch": 2, "busy_ms": 4.0, "median_ms": 5.0, "ms": [4.0, 5.0, 6.0]},
        ],
        "bursts": [{"requests": 16, "ms": 42.0, "repetitions": 2}],
        "not_in_one_batch": 2,
    }
    # On a busy machine a batch takes longer than a lone request did.
    disturbed = Batches({1: [3.0]}, {}, [2.0], [0.25], {1: [2.5]})
    assert (disturbed.facts()["client_ms"], disturbed.facts()["outside_ms"]) == (0, 0)


def test_batches_back_to_back_have_the_processors_time_and_the_size_asked_for() -> None:
    before, after = counted({2: (3, 60.0), 4: (1, 30.0)}), counted({1: (1, 9.0), 2: (3, 60.0), 4: (25, 700.0)})
    inferences = after.inferences_since(before)
    assert inferences == {1: 1, 2: 0, 4: 96}
    kept = Batches()
    assert kept.keep_busy(4, 0.97, inferences)
    assert not kept.keep_busy(4, 0.97, {2: 20, 4: 76})  # parted too often to say what a batch of 4 takes
    assert kept.busy_ms == {4: [pytest.approx(40.0)]}


def test_rounds_of_a_load_are_one_measurement_with_its_spread() -> None:
    runs = LoadRuns()
    for latency_ms, inferences, others in ((20, 800, 0.1), (40, 1200, 0.3)):
        run = run_of([sample(at / 1000, latency_ms) for at in range(0, 10_000, 10)])
        runs.runs.append(LoadRun(run, inferences, 500, others))
    facts = runs.facts()
    assert facts["mean_batch"] == 2.0
    assert (facts["p50_ms"], facts["p99_ms"]) == (20, 40)
    assert facts["rounds_p99_ms"] == {"low": 20, "high": 40}
    assert facts["rate"] == pytest.approx(100, rel=0.02)
    assert facts["requests_per_second"] == pytest.approx(100, rel=0.02)
    assert facts["core_taken_by_others"] == 0.2


def test_others_had_what_was_busy_and_not_the_servers() -> None:
    before, after = Used(10.0, 100.0, 50.0, 2), Used(14.0, 106.0, 54.0, 2)
    assert after.others_since(before) == pytest.approx(0.25)


def test_every_port_of_a_command_is_moved_to_the_loopback_address() -> None:
    command = ["python3", "--http-port=8000", "--grpc-port=8001", "--metrics-port=8002", "--load-model=gpt"]
    assert with_ports(command, {8000: 1, 8001: 8000, 8002: 3}) == [
        "python3", "--http-port=1", "--grpc-port=8000", "--metrics-port=3", "--load-model=gpt",
        "--http-address=127.0.0.1", "--grpc-address=127.0.0.1", "--metrics-address=127.0.0.1",
    ]  # fmt: skip
    assert len(set(free_ports(3))) == 3


@pytest.mark.parametrize("asked", MODELS, ids=lambda one: one.model)
def test_each_model_is_asked_with_tensors_of_its_configuration(asked: Asked) -> None:
    requests = asked.lengths.requests(1)
    tensors = asked.tensors([next(requests) for _ in range(3)])
    assert {len(value) for value in tensors.values()} == {3}
    assert [one.name() for one in grpc_inputs(tensors)] == [*tensors]
    assert batching_of(asked.model).dynamic is (asked.model == "gpt")


def test_a_server_that_ends_as_it_starts_is_started_again_and_not_for_ever(capsys: pytest.CaptureFixture[str]) -> None:
    ends = iter([EndedError("lock_exception"), None])

    def start() -> str:
        if (ended := next(ends)) is not None:
            raise ended
        return "ready"

    assert once_ready(start) == "ready"
    assert capsys.readouterr().err == "started again: lock_exception\n"
    ends = iter([EndedError(str(number)) for number in range(STARTS)])
    with pytest.raises(EndedError, match=str(STARTS - 1)):
        once_ready(start)
