"""Dynamic batching against the handbook's configuration: `gpt` and `gpt_handbook` on the same core, one at a time.

And `gpt` once more with the batch size and instances that suit one core: 32 and 1, where the handbook has 8 and 2.

    python -m tests.bench.bench_batching          writes tests/bench/results/batching.json

The servers are Triton of the plan in a pod of its own, asked at its gRPC port. Only one is up at a time, its threads
bound to one core, this client to the other. Rounds begin with each in turn. Every answer of `gpt` is compared with
the one that `gpt_handbook`, which batches nothing, gave to the same request.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from aigc.plan.validation import plan_of
from aigc.serving.triton import GRPC_PORT, HTTP_PORT
from scripts.load.loops import Send
from scripts.load.mix import DEFAULT_MIX, Mix, Request, trace_mix
from scripts.load.percentiles import order_statistic
from scripts.load.run_file import Run
from scripts.load.runner import measure
from scripts.load.senders import connected
from scripts.load.settings import Arrivals, LoadSettings, MixFacts, Mode
from scripts.load.summary import arrived, measured
from scripts.model.client import Protocol
from scripts.stacks import LOCAL_STACK
from tests.bench.intervals import ratio_of_means
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.bench.servers import Bench, Server, cpu_seconds, pin, running

COMMAND = "python -m tests.bench.bench_batching"
BATCHED, WIDE, PLAIN = "gpt", "gpt_wide", "gpt_handbook"
SIDES = (BATCHED, WIDE, PLAIN)
MODEL_OF = {BATCHED: "gpt", WIDE: "gpt", PLAIN: "gpt_handbook"}
WIDE_CONFIGURATION = {
    "gpt": {"max_batch_size: 8": "max_batch_size: 32", "count: 2": "count: 1"},
    "gpt_core": {"max_batch_size: 8": "max_batch_size: 32"},
}
"""One instance: two would share the waiting requests among them and read the weights for half a batch each."""
WIDE_MEMORY_MIB = 1136
"""Shared memory is a quarter of it; 214 MiB were seen with full batches of 32."""
CONCURRENCIES = (1, 8, 32, 128)
BALANCED_CONCURRENCY = 32
CONTEXT = 256
WARMUP_SHARE = 0.2
REFERENCES_AT_ONCE = 8
SEED = 20

Answers = dict[Request, tuple[int, ...]]


@dataclass(frozen=True)
class Measurement:
    """One run of one server."""

    run: Run
    inferences: int
    """Requests that Triton counted in the run, and how often it executed the model for them."""
    executions: int
    cpu_seconds: float


@dataclass
class Measurements:
    """Everything that was measured, by server, mix and concurrency."""

    runs: dict[tuple[str, str, int], list[Measurement]] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=lambda: {side: {} for side in SIDES})
    differing: int = 0
    """Answers that another answer of the same server to the same request contradicts."""
    compared: int = 0


def balanced_mix() -> Mix:
    """Answers as long as prompts; the trace has 5 tokens of prompt for each of an answer."""
    lengths = (8, 16, 32, 48, 64, 96)
    pairs = tuple((prompt, output) for prompt in lengths for output in lengths)
    mean = float(np.mean(lengths))
    return Mix(MixFacts(name="balanced", prompt_tokens_mean=mean, output_tokens_mean=mean), pairs)


def cores() -> tuple[set[int], set[int]]:
    """One core for the client, one for the server; the same when there is only one."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, {available[-1]}


def settings_of(server: Server, model: str, mix: Mix, concurrency: int, seconds: float, seed: int) -> LoadSettings:
    """A closed loop against a bare server."""
    return LoadSettings(
        model=model,
        host=server.ip,
        address=f"{server.ip}:{GRPC_PORT}",
        protocol=Protocol.GRPC,
        mode=Mode.CLOSED,
        rps=None,
        concurrency=concurrency,
        arrivals=Arrivals.POISSON,
        seconds=seconds,
        warmup_seconds=seconds * WARMUP_SHARE,
        timeout_seconds=60,
        drain_seconds=60,
        seed=seed,
        mix=mix.facts,
    )


def counts(server: Server, model: str) -> tuple[int, int]:
    """Requests that Triton has answered and times it executed the model."""
    answer = httpx.get(f"http://{server.ip}:{HTTP_PORT}/v2/models/{model}/stats", timeout=10).json()
    return answer["model_stats"][0]["inference_count"], answer["model_stats"][0]["execution_count"]


def measure_server(
    kept: Measurements, server: Server, side: str, loads: Sequence[tuple[Mix, int]], seconds: float, seed: int
) -> None:
    """Every load against one server, and what it answered."""
    answers, model = kept.answers[side], MODEL_OF[side]

    def note(request: Request, tokens: np.ndarray[Any, Any]) -> None:
        said = tuple(tokens.reshape(-1).tolist())
        kept.compared += 1
        kept.differing += answers.setdefault(request, said) != said

    async def one(settings: LoadSettings, mix: Mix) -> tuple[Run, tuple[int, int], float, tuple[int, int], float]:
        async with connected(settings, note) as send:
            before = counts(server, model), cpu_seconds(server.container)
            run = await measure(settings, mix, COMMAND, send)
            return run, *before, counts(server, model), cpu_seconds(server.container)

    for mix, concurrency in loads:
        settings = settings_of(server, model, mix, concurrency, seconds, seed)
        run, first, cpu_before, last, cpu_after = asyncio.run(one(settings, mix))
        measurement = Measurement(run, last[0] - first[0], last[1] - first[1], cpu_after - cpu_before)
        kept.runs.setdefault((side, mix.facts.name, concurrency), []).append(measurement)


def ask_missing(kept: Measurements, server: Server, mix: Mix) -> None:
    """Ask the server that batches nothing for what only the others were asked."""
    answers = kept.answers[PLAIN]
    missing = [request for request in {**kept.answers[BATCHED], **kept.answers[WIDE]} if request not in answers]

    def note(request: Request, tokens: np.ndarray[Any, Any]) -> None:
        answers[request] = tuple(tokens.reshape(-1).tolist())

    async def ask(send: Send) -> None:
        for first in range(0, len(missing), REFERENCES_AT_ONCE):
            await asyncio.gather(*(send(request) for request in missing[first : first + REFERENCES_AT_ONCE]))

    async def connect() -> None:
        async with connected(settings_of(server, PLAIN, mix, REFERENCES_AT_ONCE, 1, SEED), note) as send:
            await ask(send)

    asyncio.run(connect())


@contextmanager
def serving(bench: Bench, side: str) -> Iterator[Server]:
    """One of the three servers, for so long as the block lasts."""
    endpoint, changes = bench.endpoint(MODEL_OF[side]), WIDE_CONFIGURATION if side == WIDE else {}
    if changes:
        resources = endpoint.resources.model_copy(update={"memory_mib": WIDE_MEMORY_MIB})
        endpoint = endpoint.model_copy(update={"resources": resources})
    with running(bench, endpoint, f"bench-{side.replace('_', '-')}", changes) as server:
        yield server


def measure_all(
    bench: Bench, concurrencies: Sequence[int], seconds: float, rounds: int, balanced: bool
) -> Measurements:
    """Rounds of all servers, the first one of a round in turn."""
    kept = Measurements()
    trace = trace_mix(DEFAULT_MIX, CONTEXT)
    loads = [(trace, concurrency) for concurrency in concurrencies]
    if balanced:
        loads.append((balanced_mix(), BALANCED_CONCURRENCY))
    client, other = cores()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, client)
    try:
        for number in range(rounds):
            first = number % len(SIDES)
            for side in (*SIDES[first:], *SIDES[:first]):
                with serving(bench, side) as server:
                    pin(server.container, other)
                    measure_server(kept, server, side, loads, seconds, SEED + number)
        with serving(bench, PLAIN) as server:
            ask_missing(kept, server, trace)
    finally:
        os.sched_setaffinity(0, before)
    return kept


def answers_by_second(measurements: Sequence[Measurement]) -> list[float]:
    """Answers within each whole second after the warm-up, of all rounds."""
    counted: list[float] = []
    for one in measurements:
        start, end = one.run.settings.warmup_seconds, one.run.elapsed_seconds
        edges = np.linspace(start, end, max(1, int(end - start)) + 1)
        width = edges[1] - edges[0]
        done = [sample.done_seconds for sample in arrived(one.run)]
        counted += [float(count) / width for count in np.histogram(done, edges)[0]]
    return counted


def facts_of(measurements: Sequence[Measurement]) -> dict[str, Any]:
    """What is reported of one server under one load."""
    samples = [sample for one in measurements for sample in measured(one.run)]
    latencies = np.sort(np.array([sample.latency_ms for sample in samples if not sample.error], np.float64))
    came = [sample for one in measurements for sample in arrived(one.run)]
    window = sum(one.run.elapsed_seconds - one.run.settings.warmup_seconds for one in measurements)
    asked = sum(len(one.run.samples) for one in measurements)
    return {
        "requests_per_second": round(len(came) / window, 2),
        "tokens_per_second": round(sum(sample.output_tokens for sample in came) / window, 1),
        "p50_ms": round(order_statistic(latencies, 0.5), 1),
        "p99_ms": round(order_statistic(latencies, 0.99), 1),
        "answers": len(latencies),
        "errors": sum(bool(sample.error) for one in measurements for sample in one.run.samples),
        "mean_batch": round(
            sum(one.inferences for one in measurements) / sum(one.executions for one in measurements), 2
        ),
        "cpu_ms_per_answer": round(1000 * sum(one.cpu_seconds for one in measurements) / asked, 2),
    }


def compared(kept: Measurements, mix: str, concurrency: int) -> dict[str, Any]:
    """All servers under one load, and for those that batch the ratios to the one that does not."""
    plain = kept.runs[PLAIN, mix, concurrency]
    baseline = facts_of(plain)
    found: dict[str, Any] = {"mix": mix, "concurrency": concurrency, PLAIN: baseline}
    for side in (BATCHED, WIDE):
        measurements = kept.runs[side, mix, concurrency]
        facts = facts_of(measurements)
        throughput = ratio_of_means(answers_by_second(measurements), answers_by_second(plain), SEED)
        found[side] = facts | {
            "requests_per_second_ratio": throughput.rounded(2),
            "p99_ratio": round(facts["p99_ms"] / baseline["p99_ms"], 3),
            "cpu_ratio": round(facts["cpu_ms_per_answer"] / baseline["cpu_ms_per_answer"], 3),
        }
    return found


def equality(kept: Measurements) -> Mapping[str, int]:
    """How many different requests the batching servers answered, and how many as the other one did."""
    batched = [(request, said) for side in (BATCHED, WIDE) for request, said in kept.answers[side].items()]
    pairs = [(said, kept.answers[PLAIN].get(request)) for request, said in batched]
    return {
        "requests": len(pairs),
        "equal": sum(said == reference for said, reference in pairs),
        "answers": kept.compared,
        "contradicting_themselves": kept.differing,
    }


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each load, the first fifth is warm-up")
    parser.add_argument("--concurrency", type=int, nargs="+", default=[*CONCURRENCIES])
    parser.add_argument("--no-balanced", action="store_true", help="only the lengths of the trace")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    kept = measure_all(
        Bench.open(plan_of(LOCAL_STACK)), asked.concurrency, asked.seconds, asked.rounds, not asked.no_balanced
    )
    loads = dict.fromkeys((mix, concurrency) for _, mix, concurrency in kept.runs)
    client, other = cores()
    result = {
        "pinned": {"client_cores": sorted(client), "server_cores": sorted(other)},
        "rounds": asked.rounds,
        "seconds": asked.seconds,
        "configuration_of_gpt_wide": WIDE_CONFIGURATION,
        "loads": [compared(kept, mix, concurrency) for mix, concurrency in loads],
        "answers_equal": equality(kept),
    }
    write_result("batching", with_arguments(COMMAND, arguments), result, asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
