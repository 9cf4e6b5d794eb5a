"""The load under which an incident shows: a closed loop of short requests, beside whatever else happens."""

from __future__ import annotations

from aigc.plan.stack_plan import EndpointPlan
from scripts.load.mix import fixed_mix
from scripts.load.run_file import Run
from scripts.load.runner import run_load
from scripts.load.settings import Arrivals, LoadSettings, Mode
from scripts.model.client import Protocol

PROMPT_TOKENS, OUTPUT_TOKENS = 24, 24
TIMEOUT_SECONDS = 60.0


def settings_of(endpoint: EndpointPlan, address: str, users: int, seconds: float) -> LoadSettings:
    """So many users, each of whom asks again when the answer is there."""
    return LoadSettings(
        model=endpoint.models[0],
        host=endpoint.host,
        address=address,
        protocol=Protocol.GRPC,
        mode=Mode.CLOSED,
        rps=None,
        arrivals=Arrivals.POISSON,
        concurrency=users,
        seconds=seconds,
        warmup_seconds=0,
        timeout_seconds=TIMEOUT_SECONDS,
        drain_seconds=TIMEOUT_SECONDS,
        seed=1,
        mix=fixed_mix(PROMPT_TOKENS, OUTPUT_TOKENS, None).facts,
    )


def load(endpoint: EndpointPlan, address: str, users: int, seconds: float) -> Run:
    """Load an endpoint until the time is over and the last answer there."""
    lengths = fixed_mix(PROMPT_TOKENS, OUTPUT_TOKENS, None)
    return run_load(settings_of(endpoint, address, users, seconds), lengths, "a prepared incident")
