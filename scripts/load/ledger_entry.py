"""A run as the ledger has it: what was measured of an endpoint beside what was predicted of it."""

from __future__ import annotations

from pathlib import Path

from aigc.catalog.faults import fail
from aigc.config.stacks import shown
from aigc.plan.ledger.endpoint_load import EndpointLoad, NotPredicted
from aigc.plan.ledger.serving_file import Loop
from scripts.load.run_file import READ_WAY_OUT, Run, read_run
from scripts.load.settings import rate_faults
from scripts.load.summary import Summary, doubts, summarise

NOBODY_ASKED = NotPredicted(reason="the run has no prediction, as runs had none before: measure again for one")


def ledger_entry(run: Run, summary: Summary, file: str = "") -> EndpointLoad:
    """Of a run, as it was summarised; a run without a prediction says so."""
    return EndpointLoad(
        file=file,
        model=run.settings.model,
        loop=Loop(concurrency=run.settings.concurrency, rate=run.settings.rps),
        requests_per_second=summary.achieved_rps,
        p50_ms=summary.percentile(0.5).value_ms,
        p99_ms=summary.percentile(0.99).value_ms,
        doubts=tuple(doubts(run, summary)),
        predicted=run.prediction or NOBODY_ASKED,
    )


def read_entry(path: Path) -> EndpointLoad:
    """What is in a file of `load --out`.

    Raises:
        UserError: it is none.
    """
    run = read_run(path)
    if faults := rate_faults(run.settings.rps, run.settings.concurrency):
        raise fail(f"{path}: settings", f"{faults[0].where}: {faults[0].problem}", READ_WAY_OUT)
    return ledger_entry(run, summarise(run), shown(path))
