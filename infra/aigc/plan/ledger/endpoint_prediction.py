"""What the planner says of a load before it is sent: by the stack file of its endpoint, or by measured batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aigc.config.spec import ModelSpec
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.ledger.endpoint_load import Basis, NotPredicted, Predicted
from aigc.plan.ledger.serving import Way, expected, times_of
from aigc.plan.ledger.serving_file import Loop, ServedModel, ServingFile
from aigc.plan.parts import ServingMode
from aigc.plan.stack_plan import EndpointPlan, StackPlan

AS_EXPECTED = 0.1
"""Share by which a load may differ from the traffic for which a stack file predicts latencies."""


@dataclass(frozen=True)
class Asked:
    """A load of an endpoint, as its client means to send it."""

    loop: Loop
    poisson: bool
    """Whether gaps of an open loop are random; a closed loop has none."""
    requests: tuple[Request, ...]
    """Every length that is asked for."""
    unlike: tuple[str, ...] = ()
    """What the client does otherwise than where batches were measured, in words."""


@dataclass(frozen=True)
class Machine:
    """Where an endpoint of the local cluster runs."""

    cpu: str | None
    """As the kernel names it; None where it does not."""
    cores: int


def hardware_of(plan: StackPlan, endpoint: EndpointPlan, here: Machine | None) -> str | None:
    """What its pools compute with; on a cluster without pools what the machine does, where that is known."""
    pools = {pool.name: pool for pool in plan.pools}
    found = [pools[name] for name in endpoint.pools if name in pools]
    names = [
        f"{one.accelerator} {one.partition or ''}".strip() if one.accelerator else one.machine_type for one in found
    ]
    return " or ".join(dict.fromkeys(names)) or (here.cpu if here else None)


def by_stack_file(
    model: ModelSpec, endpoint: EndpointPlan, asked: Asked, source: str, hardware: str | None
) -> Predicted | NotPredicted | None:
    """By what the stack file predicts of one replica; None where it predicts nothing.

    A replica serves so many requests a second within its objective, so below that an open loop gets all its answers.
    Latencies are those of the highest rate of the expected traffic alone, which is what the fleet planner solves for.
    """
    if model.predicted is None:
        return None
    rate, replicas = asked.loop.rate, endpoint.scaling.max_replicas
    most = model.predicted.requests_per_second * replicas
    serves = f"{source} predicts {most:.4g} requests/s of {replicas} replica{'s' if replicas > 1 else ''}"
    if rate is None:
        return NotPredicted(reason=f"{serves}, and of users who wait for their answers nothing", hardware=hardware)
    if rate > most:
        return NotPredicted(reason=f"{serves} within the objective, and nothing of {rate:.4g}", hardware=hardware)
    why = _no_latencies(model, asked, rate)
    return Predicted(
        basis=Basis.STACK_FILE,
        source=source,
        hardware=hardware,
        requests_per_second=rate,
        p50_ms=None if why else model.predicted.p50_ms,
        p99_ms=None if why else model.predicted.p99_ms,
        left_out=(*why, "lengths of requests other than those expected", *_around(endpoint)),
    )


def by_batches(
    file: ServingFile, source: str, endpoint: EndpointPlan, asked: Asked, here: Machine
) -> Predicted | NotPredicted:
    """By the times of batches that were measured on this processor, of requests like these."""
    model = endpoint.models[0]
    of_model = [one for one in file.models if one.model == model]
    of_lengths = [one for one in of_model if {one.request} == set(asked.requests)]
    if reason := _not_measured(file, of_model, of_lengths, endpoint, asked, here):
        return NotPredicted(reason=reason, hardware=here.cpu)
    times = times_of(of_lengths[0], file.cpu)
    if isinstance(times, Rejection):
        return NotPredicted(reason=times.reason, hardware=here.cpu)
    found = expected(of_lengths[0], times, asked.loop, Way.SIMULATION, file.server_cores)
    bounded = math.isfinite(found.p99_ms)
    cores = (f"more than {file.server_cores} of {here.cores} cores",) if here.cores > file.server_cores else ()
    return Predicted(
        basis=Basis.BATCHES,
        source=f"{source} of {file.date}",
        hardware=here.cpu,
        requests_per_second=found.requests_per_second,
        p50_ms=found.p50_ms if bounded else None,
        p99_ms=found.p99_ms if bounded else None,
        without_bound=not bounded,
        left_out=(*asked.unlike, *_around(endpoint), *cores),
    )


def _not_measured(
    file: ServingFile,
    of_model: Sequence[ServedModel],
    of_lengths: Sequence[ServedModel],
    endpoint: EndpointPlan,
    asked: Asked,
    here: Machine,
) -> str:
    """Why the batches say nothing of this load; empty where they do."""
    model = endpoint.models[0]
    if here.cpu != file.cpu:
        return f"batches were measured on {file.cpu}, and this is {here.cpu or 'a processor without a name'}"
    if not of_model:
        return f"no batches of {model} were measured on {file.cpu}"
    if not of_lengths:
        lengths = " or ".join(dict.fromkeys(_lengths(one.request) for one in of_model))
        others = _lengths(asked.requests[0]) if len(asked.requests) == 1 else f"{len(asked.requests)} lengths"
        return (
            f"batches of {model} were measured with {lengths}, and this load has {others}: what others take cannot be "
            "worked out on a processor of which no peaks are known"
        )
    if of_lengths[0].batching != endpoint.batching:
        return f"batches of {model} were measured with another batching than the endpoint has"
    if asked.loop.rate and not asked.poisson:
        return "requests come at constant gaps, and predictions are of random ones"
    return ""


def _lengths(request: Request) -> str:
    return f"{request.tokens_in} tokens in and {request.tokens_out} out"


def _no_latencies(model: ModelSpec, asked: Asked, rate: float) -> tuple[str, ...]:
    if model.traffic is None:
        return ("latencies, as the stack file names no traffic for which they hold",)
    highest = model.traffic.requests_per_second * model.traffic.peak_factor
    if abs(rate / highest - 1) > AS_EXPECTED:
        return (f"latencies, which are predicted for {highest:.4g} requests/s and not for {rate:.4g}",)
    return () if asked.poisson else ("latencies, which are predicted for random gaps",)


def _around(endpoint: EndpointPlan) -> Iterator[str]:
    """What every prediction leaves out that knows one server: the way to it, and that there may be none or several."""
    on_demand = endpoint.mode is ServingMode.KNATIVE
    yield f"the way through gateway{', queue-proxy' if on_demand else ''} and mux"
    if endpoint.scaling.min_replicas == 0:
        yield "starts from zero"
    if endpoint.scaling.min_replicas != endpoint.scaling.max_replicas and endpoint.scaling.max_replicas > 1:
        yield f"how many of up to {endpoint.scaling.max_replicas} replicas are there"
