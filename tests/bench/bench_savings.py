"""What the cheapest mix of machines saves against the best single type, for a recorded trace and for the stacks.

    python -m tests.bench.bench_savings          writes tests/bench/results/savings.json

Both keep the same objectives, by the same times and the same queue; nothing is timed, so every machine finds the same.
Prices are the catalog's, on demand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import Machine, all_machines
from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.config.spec import ModelSpec
from aigc.config.stack_file import examine
from aigc.config.stacks import MODEL_REPOSITORY, stack_names, stack_path
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.served_work import ServedWork, served_work
from aigc.plan.fleet.answer import FleetPlan, cheapest_fleet
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.candidates import LargestRate
from aigc.plan.fleet.queue_rate import Remembered, largest_rate
from aigc.plan.fleet.single_type import SingleType, cheapest_single_type
from aigc.plan.fleet.wanted import CLOUDS, RequestClass, Survival, WantedFleet, WantedModel
from aigc.plan.repository import companions, read_model
from aigc.plan.validation import plan_of
from scripts.load.mix import DEFAULT_MIX, MARKS, read_trace
from tests.bench.result_file import RESULTS, with_arguments, write_result

COMMAND = "python -m tests.bench.bench_savings"
RATES_PER_SECOND = (2.0, 8.0, 32.0)
MS_A_TOKEN = (40.0, 120.0)
"""Objectives per written token, those of Mélange's evaluation (arXiv 2404.14527)."""
FIRST_TOKEN_MS = 1000.0
"""Besides, for the wait and the prompt."""
PROMPT_EDGE, ANSWER_EDGE = 1024, 200
"""Tokens that part the trace into four classes."""


def llama_3_8b() -> ModelWork:
    """Llama 3 8B in 16 bit, by arithmetic on its architecture (arXiv 2407.21783, table 3)."""
    layers, width, hidden, keys, words = 32, 4096, 14336, 1024, 128_000
    # Queries, keys and values; the way out of attention; gate, up and down.
    products = [(width, width + 2 * keys), (width, width), (width, 2 * hidden), (hidden, width)]
    weights = layers * sum(read * written for read, written in products)
    moved_bytes = 2.0 * layers * sum(read + written for read, written in products)
    attention = 4.0 * layers * width
    head = {"flops": 2.0 * width * words, "activation_bytes": 2.0 * (width + words)}
    read = UnitWork(
        flops=2.0 * weights,
        flops_per_context_token=attention,
        activation_bytes=moved_bytes,
        flops_per_step=head["flops"],
        activation_bytes_per_step=head["activation_bytes"],
    )
    written = UnitWork(
        flops=2.0 * weights + head["flops"],
        flops_per_context_token=attention,
        activation_bytes=moved_bytes + head["activation_bytes"],
    )
    return ModelWork(
        precision=Precision.FP16_BF16,
        weight_bytes=2.0 * (weights + 2 * width * words),
        kv_cache_bytes_per_token=2.0 * layers * 2 * keys,
        token_in=read,
        token_out=written,
    )


def trace_classes(ms_a_token: float) -> tuple[RequestClass, ...]:
    """The trace in four classes, each request counted as the longest of its class, its objective by that length."""
    pairs = read_trace(DEFAULT_MIX).pairs
    parts: dict[tuple[bool, bool], list[tuple[int, int]]] = {}
    for prompt, answer in pairs:
        parts.setdefault((prompt > PROMPT_EDGE, answer > ANSWER_EDGE), []).append((prompt, answer))
    return tuple(
        RequestClass(
            name=f"{'long' if long_prompt else 'short'} prompt, {'long' if long_answer else 'short'} answer",
            share=len(part) / len(pairs),
            request=Request(
                tokens_in=max(prompt for prompt, _ in part) + MARKS, tokens_out=max(answer for _, answer in part)
            ),
            p99_ms=FIRST_TOKEN_MS + ms_a_token * max(answer for _, answer in part),
        )
        for (long_prompt, long_answer), part in sorted(parts.items())
    )


def of_trace(rate_per_second: float, ms_a_token: float) -> tuple[WantedFleet, list[ServedModel]]:
    """The trace at a rate, asked of a model of 8 billion parameters on any cloud."""
    classes = trace_classes(ms_a_token)
    longest_ms = max(one.p99_ms or 0.0 for one in classes)
    work = llama_3_8b()
    model = WantedModel(
        name="llama-3-8b", requests_per_second=rate_per_second, p99_ms=longest_ms, classes=classes, work=work
    )
    return WantedFleet(models=(model,)), [ServedModel(model, ServedWork(model.name, work))]


def of_stack(name: str) -> tuple[WantedFleet, list[ServedModel]] | str:
    """The models of a stack at their peak, in its own region; or why nothing is rented by the hour for it."""
    spec = examine(stack_path(name)).spec
    assert spec is not None
    if spec.cloud not in CLOUDS or spec.region is None:
        return "rents no machines"
    endpoints = {one.models[0]: one for one in plan_of(name).endpoints}
    models = [
        _served(model, spec.models[model], endpoints[model].batching.max_batch_size) for model in sorted(spec.models)
    ]
    zones = max(1, len(spec.zones))
    wanted = WantedFleet(
        models=tuple(one.wanted for one in models),
        clouds={Cloud(spec.cloud): (spec.region,)},
        zones=zones,
        survive=Survival.ZONE if name.endswith("-prod") and zones > 1 else Survival.NOTHING,
    )
    return wanted, models


def _served(name: str, spec: ModelSpec, max_batch: int) -> ServedModel:
    found, _ = read_model(MODEL_REPOSITORY, name)
    assert found is not None
    required, _ = companions(MODEL_REPOSITORY, found)
    served = served_work(required)
    traffic = spec.traffic
    assert traffic is not None and traffic.input_tokens and traffic.output_tokens
    # As the model answers: of what was asked for, as much as its context has room for.
    tokens_in = traffic.input_tokens + MARKS
    room = traffic.output_tokens if served.context_tokens is None else served.context_tokens - tokens_in
    request = Request(tokens_in=tokens_in, tokens_out=min(traffic.output_tokens, room))
    wanted = WantedModel(
        name=name,
        requests_per_second=traffic.requests_per_second * traffic.peak_factor,
        p99_ms=spec.slo.p99_ms,
        classes=(RequestClass(name="all", share=1.0, request=request),),
        max_batch=max(1, max_batch),
        repository_model=name,
    )
    return ServedModel(wanted, served)


def gpus() -> list[Machine]:
    """The machines with GPUs, for those whose server runs on nothing else."""
    return [one for one in all_machines() if (one.k8s_resource or "").endswith("/gpu")]


def compared(
    wanted: WantedFleet, models: Sequence[ServedModel], rule: LargestRate, rows: Sequence[Machine] | None = None
) -> dict[str, Any]:
    """Both answers, and what the mix saves.

    Raises:
        AssertionError: nothing serves, or the mix costs more.
    """
    plan = cheapest_fleet(wanted, models, rule, rows)
    if not isinstance(plan, FleetPlan):
        raise AssertionError(f"no fleet: {plan.causes}")
    single = cheapest_single_type(wanted, models, rule, rows)
    mix = {
        "usd_per_hour": round(plan.usd_per_hour, 4),
        "machines": [f"{one.count} x {one.machine_type} ({one.cloud})" for one in plan.machines],
    }
    if single is None:
        return {"single": None, "mix": mix, "saves_percent": None}
    if plan.usd_per_hour > single.usd_per_hour * (1 + 1e-4):
        raise AssertionError(f"the mix costs {plan.usd_per_hour} $ an hour, one type {single.usd_per_hour}")
    # The search may leave 0.01% unproven, which is no saving of either.
    saves_percent = max(0.0, round(100 * (1 - plan.usd_per_hour / single.usd_per_hour), 1))
    return {"single": _single(single), "mix": mix, "saves_percent": saves_percent}


def _single(one: SingleType) -> dict[str, Any]:
    name = f"{one.count} x {one.machine.machine_type} ({one.machine.cloud})"
    return {"usd_per_hour": round(one.usd_per_hour, 4), "machines": [name]}


def compared_all(rule: LargestRate) -> Iterator[dict[str, Any]]:
    """The trace at every objective and rate, on all accelerators and on GPUs alone, then every stack."""
    for kind, rows in (("", None), (", GPUs alone", gpus())):
        for ms_a_token in MS_A_TOKEN:
            for rate in RATES_PER_SECOND:
                traffic = f"trace, {rate:g} requests/s, {ms_a_token:g} ms a token{kind}"
                yield {"traffic": traffic, **compared(*of_trace(rate, ms_a_token), rule, rows)}
    for name in stack_names():
        problem = of_stack(name)
        if isinstance(problem, str):
            yield {"traffic": name, "none": problem}
        else:
            yield {"traffic": name, **compared(*problem, rule)}


def measured(rule: LargestRate) -> dict[str, Any]:
    """The whole table, whose rows are printed as they come."""
    trace = read_trace(DEFAULT_MIX)
    rows = []
    for row in compared_all(rule):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
        rows.append(row)
    return {"trace": f"{trace.source}, {trace.license}", "capacity": CapacityType.ON_DEMAND, "rows": rows}


def main(arguments: Sequence[str]) -> None:
    """Compare and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result("savings", with_arguments(COMMAND, arguments), measured(Remembered(largest_rate)), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
