"""The load under which an incident shows: short requests of users who wait, or by the clock."""

from __future__ import annotations

from aigc.plan.stack_plan import EndpointPlan
from scripts.load.mix import fixed_mix
from scripts.load.run_file import Run
from scripts.load.runner import run_load
from scripts.load.settings import Arrivals, LoadSettings, Mode
from scripts.model.client import Protocol

PROMPT_TOKENS, OUTPUT_TOKENS = 24, 24
TIMEOUT_SECONDS = 60.0


def settings_of(
    endpoint: EndpointPlan, address: str, seconds: float, users: int | None, rps: float | None
) -> LoadSettings:
    """So many users, each of whom asks again when the answer is there; or so many requests a second."""
    return LoadSettings(
        model=endpoint.models[0],
        host=endpoint.host,
        address=address,
        protocol=Protocol.GRPC,
        mode=Mode.CLOSED if rps is None else Mode.OPEN,
        rps=rps,
        arrivals=Arrivals.CONSTANT,
        concurrency=users,
        seconds=seconds,
        warmup_seconds=0,
        timeout_seconds=TIMEOUT_SECONDS,
        drain_seconds=TIMEOUT_SECONDS,
        seed=1,
        mix=fixed_mix(PROMPT_TOKENS, OUTPUT_TOKENS, None).facts,
    )


def load(
    endpoint: EndpointPlan, address: str, seconds: float, users: int | None = None, rps: float | None = None
) -> Run:
    """Load an endpoint until the time is over and the last answer there."""
    lengths = fixed_mix(PROMPT_TOKENS, OUTPUT_TOKENS, None)
    return run_load(settings_of(endpoint, address, seconds, users, rps), lengths, "a prepared incident")
