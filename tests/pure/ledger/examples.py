"""Two models that are measured as if the accelerator had known efficiencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aigc.plan.cost_model.estimate import Estimate, estimate
from aigc.plan.cost_model.profiles import Profile
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.roofline import Efficiency
from aigc.plan.cost_model.served_work import ServedWork
from tests.pure.cost_model.examples import ACCELERATOR, SERVED, WORK

READING = Request(tokens_in=1500, tokens_out=1)
WRITING = Request(tokens_in=1500, tokens_out=1000)
SHORT = Request(tokens_in=1, tokens_out=1)
SMALL = ServedWork("small", WORK.model_copy(update={"weight_bytes": 1e9}), context_tokens=4096)
MODELS = {SERVED.model: SERVED, SMALL.model: SMALL}
ACCELERATORS = {ACCELERATOR.accelerator_id: ACCELERATOR}


def measured(served: ServedWork, truth: Efficiency, slower: float = 1.0) -> Iterator[Profile]:
    """Batches of a model, each `slower` than the efficiencies say."""
    for request in (READING, WRITING, SHORT):
        for batch in (1, 4, 8):
            found = estimate(replace(served, context_tokens=None), ACCELERATOR, request, batch, (), truth)
            assert isinstance(found, Estimate), found
            yield Profile(
                model=served.model,
                accelerator_id=ACCELERATOR.accelerator_id,
                request=request,
                batch=batch,
                latency_ms=found.latency_ms * slower,
                requests_per_second=found.requests_per_second / slower,
            )
