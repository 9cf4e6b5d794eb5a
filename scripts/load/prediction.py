"""What the planner predicts of a load before it is sent, or why it predicts nothing; never a guess."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import PROJECT_ROOT, shown, stack_path
from aigc.plan.cost_model.request import Request
from aigc.plan.ledger.endpoint_load import NotPredicted, Predicted
from aigc.plan.ledger.serving_file import Loop, read_serving
from aigc.plan.validation import plan_of
from scripts.load.arrivals import intended_seconds
from scripts.load.mix import MARKS, Mix
from scripts.load.settings import Arrivals, LoadSettings
from scripts.load.target import in_local_cluster
from scripts.model.client import Protocol
from scripts.processor import cpu_name
from scripts.stacks import LOCAL_STACK

if TYPE_CHECKING:
    from aigc.plan.ledger.endpoint_prediction import Asked

SERVING = PROJECT_ROOT / "tests" / "bench" / "results" / "triton_predictions.json"
"""What real Triton did on a CPU, as the newest run of the bench has it."""


def predicted_load(
    settings: LoadSettings, lengths: Mix, stack: str | None, serving: Path = SERVING
) -> Predicted | NotPredicted:
    """By the stack file of the endpoint, else by batches measured on this processor.

    Args:
        settings: The load, without faults.
        lengths: What its requests are drawn from.
        stack: The stack that serves it; None is `local` for an address in the local cluster, else not known.
        serving: What batches took.
    """
    name = stack or (LOCAL_STACK if in_local_cluster(settings.address) else None)
    if name is None:
        return NotPredicted(reason=f"which stack serves {settings.address} is not known: --stack names it")
    loop = meant_loop(settings)
    if loop is None:
        return NotPredicted(reason="no request is meant for the time after the warm-up")
    try:
        return _by_stack(name, settings, lengths, loop, serving)
    except UserError as error:
        first = error.faults[0]
        return NotPredicted(reason=f"{first.where}: {first.problem}")


def meant_loop(settings: LoadSettings) -> Loop | None:
    """As its measured part is meant to be sent: few random arrivals are more or fewer than their rate says.

    None where there are none.
    """
    if settings.rps is None:
        return Loop(concurrency=settings.concurrency)
    meant = intended_seconds(settings.rps, settings.seconds, settings.arrivals, settings.seed)
    count = int((meant >= settings.warmup_seconds).sum())
    return Loop(rate=count / settings.window_seconds) if count else None


def _by_stack(name: str, settings: LoadSettings, lengths: Mix, loop: Loop, serving: Path) -> Predicted | NotPredicted:
    # scipy takes half a second to load, and every verb's module is imported for each of them.
    from aigc.plan.ledger import endpoint_prediction as planner  # noqa: PLC0415

    path = stack_path(name)
    plan, spec = plan_of(name), parse_stack_file(path)
    served = (one for one in plan.endpoints if (one.models[0], one.host) == (settings.model, settings.host))
    endpoint = next(served, None)
    if endpoint is None:
        return NotPredicted(reason=f"stack {name} serves no {settings.model} at {settings.host}")
    is_here = plan.cloud is Cloud.LOCAL and in_local_cluster(settings.address)
    here = planner.Machine(cpu_name(), os.cpu_count() or 1) if is_here else None
    asked, hardware = _asked(settings, lengths, loop), planner.hardware_of(plan, endpoint, here)
    said = planner.by_stack_file(spec.models[settings.model], endpoint, asked, shown(path), hardware)
    if said is not None:
        return said
    if here is None:
        reason = (
            f"{shown(path)} predicts nothing of {settings.model}, and batches are known of this machine's cluster alone"
        )
        return NotPredicted(reason=reason, hardware=hardware)
    return planner.by_batches(read_serving(serving), shown(serving), endpoint, asked, here)


def _asked(settings: LoadSettings, lengths: Mix, loop: Loop) -> Asked:
    from aigc.plan.ledger.endpoint_prediction import Asked  # noqa: PLC0415

    pairs = dict.fromkeys(lengths.pairs)
    return Asked(
        loop=loop,
        poisson=settings.arrivals is Arrivals.POISSON,
        requests=tuple(Request(tokens_in=prompt + MARKS, tokens_out=answer) for prompt, answer in pairs),
        unlike=tuple(_unlike(settings)),
    )


def _unlike(settings: LoadSettings) -> Iterator[str]:
    """What the client does otherwise than the one that measured batches."""
    if settings.protocol is not Protocol.GRPC:
        yield f"what {settings.protocol} costs more than gRPC"
