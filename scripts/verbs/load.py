"""`load MODEL --rps R | --concurrency C --seconds S`: a load test of a served model, with percentiles and a report."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from aigc.catalog.faults import fail
from aigc.config.stacks import stack_path
from scripts.console import EXIT_FINE, EXIT_NO, OutputFormat, err, print_json
from scripts.load.html_report import run_page
from scripts.load.mix import DEFAULT_MIX, Mix, context_tokens, fixed_mix, trace_mix
from scripts.load.page import write_page
from scripts.load.prediction import predicted_load
from scripts.load.run_file import Run, save_run
from scripts.load.runner import run_load
from scripts.load.settings import (
    Arrivals,
    LoadSettings,
    Mode,
    objective_faults,
    refuse,
    settings_faults,
    writable_fault,
)
from scripts.load.summary import by_second, objections, summarise
from scripts.load.target import OWN_FLAG, refuse_strangers
from scripts.load.text_report import print_run, run_document
from scripts.model.client import Protocol
from scripts.stacks import LOCAL_STACK
from scripts.verbs.infer import LOCAL_GATEWAY, checked_address, served_host

EXIT_INTERRUPTED = 130
Stack = Annotated[
    str | None,
    typer.Option(help="Stack that serves it: its file says host and prediction; local for this machine's cluster."),
]
SEED = 20231116
"""The day of the trace; any number does."""
EPILOG = (
    "Ends with 0 when fine, 1 when more than --max-error-percent failed or p99 is over --p99-ms, 2 for bad input, 130 "
    "after ctrl-C, which still reports what was measured. `load-compare OLD.json NEW.json` compares two runs."
)


@dataclass(frozen=True)
class Wanted:
    """What is to become of the results."""

    report: Path | None
    out: Path | None
    output_format: OutputFormat
    max_error_percent: float
    p99_ms: float | None


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("load", epilog=EPILOG)(load)


def load(
    model: Annotated[str, typer.Argument(help="A model the stack serves, for instance gpt.")],
    seconds: Annotated[float, typer.Option(help="For so long requests are sent, warm-up included.")],
    rps: Annotated[float | None, typer.Option(help="Open loop: requests per second, whatever is unanswered.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Closed loop: requests kept in flight.")] = None,
    arrivals: Annotated[Arrivals, typer.Option(help="Gaps of the open loop.")] = Arrivals.POISSON,
    warmup_seconds: Annotated[float, typer.Option(help="Left out of the results.")] = 2.0,
    mix: Annotated[str, typer.Option(help="Trace that lengths are drawn from.")] = DEFAULT_MIX,
    prompt_tokens: Annotated[int | None, typer.Option(help="Every prompt so long, in place of --mix.")] = None,
    output_tokens: Annotated[int | None, typer.Option(help="Every answer at most so long.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed sends the same requests at the same times.")] = SEED,
    timeout: Annotated[float, typer.Option(help="Seconds until a request is an error.")] = 30.0,
    drain_seconds: Annotated[float, typer.Option(help="Seconds to wait for the last answers.")] = 10.0,
    protocol: Annotated[Protocol, typer.Option(help="KServe v2 over gRPC or HTTP.")] = Protocol.GRPC,
    address: Annotated[str, typer.Option(help="HOST:PORT of the gateway, or of one server.")] = LOCAL_GATEWAY,
    host: Annotated[str | None, typer.Option(help="Host name of the endpoint behind the gateway.")] = None,
    stack: Stack = None,
    own: Annotated[bool, typer.Option(OWN_FLAG, help="Allow an address outside this machine's cluster.")] = False,
    max_error_percent: Annotated[float, typer.Option(help="More failures are a no (exit code 1).")] = 1.0,
    p99_ms: Annotated[float | None, typer.Option(help="A slower p99 is a no (exit code 1).")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report with its charts there, HTML.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write every sample there, JSON, for load-compare.")] = None,
    output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
) -> None:
    """Load a served model by the clock (--rps) or by its answers (--concurrency); report percentiles and prediction."""
    lengths = chosen_mix(model, mix, prompt_tokens, output_tokens)
    settings = LoadSettings(
        model=model, host=host_of(model, host, stack), address=checked_address(address), protocol=protocol,
        mode=Mode.CLOSED if rps is None else Mode.OPEN, rps=rps, concurrency=concurrency, arrivals=arrivals,
        seconds=seconds, warmup_seconds=warmup_seconds, timeout_seconds=timeout, drain_seconds=drain_seconds,
        seed=seed, mix=lengths.facts,
    )  # fmt: skip
    wanted = Wanted(report, out, output_format, max_error_percent, p99_ms)
    refuse_before_sending(settings, wanted, own)
    prediction = predicted_load(settings, lengths, stack)
    run = run_load(settings, lengths, command_line())
    raise typer.Exit(deliver(run.model_copy(update={"prediction": prediction}), wanted))


def host_of(model: str, host: str | None, stack: str | None) -> str:
    """The host asked for, else the one by the plan of the stack, which must be one."""
    if stack is not None:
        stack_path(stack)
    return host or served_host(model, stack or LOCAL_STACK)


def refuse_before_sending(settings: LoadSettings, wanted: Wanted, own: bool) -> None:
    """Every fault that can be known before the first request.

    Raises:
        UserError: there is one.
    """
    refuse(settings_faults(settings), objective_faults(settings, wanted.max_error_percent, wanted.p99_ms))
    refuse_strangers(settings.address, own)
    if wanted.report is not None and wanted.report == wanted.out:
        raise fail("--report, --out", f"are both {wanted.out}", "name two files: one is a page, the other JSON")
    refuse(writable_fault("--report", wanted.report), writable_fault("--out", wanted.out))
    err.print(
        f"· loading {settings.model} for {settings.seconds:g} s; ctrl-C ends it early and reports …", markup=False
    )


def chosen_mix(model: str, trace: str, prompt_tokens: int | None, output_tokens: int | None) -> Mix:
    """The lengths asked for, within the context of the model."""
    context = context_tokens(model)
    if prompt_tokens is not None and output_tokens is not None:
        return fixed_mix(prompt_tokens, output_tokens, context)
    if prompt_tokens is not None or output_tokens is not None:
        missing = "--output-tokens" if output_tokens is None else "--prompt-tokens"
        raise fail(missing, "is missing", "fixed lengths need both --prompt-tokens and --output-tokens")
    if context is None:
        raise fail(
            f"model {model}",
            "has no `context_tokens` in its model.yaml, so a trace cannot be scaled to it",
            "add it to the card, or give --prompt-tokens and --output-tokens",
        )
    return trace_mix(trace, context)


def deliver(run: Run, wanted: Wanted) -> int:
    """Write and print what was measured; returns the exit code."""
    summary, seconds = summarise(run), by_second(run)
    said = objections(summary, wanted.max_error_percent, wanted.p99_ms)
    if wanted.out is not None:
        save_run(run, wanted.out)
    if wanted.report is not None:
        write_page(wanted.report, run_page(run, summary, seconds, said))
    if wanted.output_format is OutputFormat.JSON:
        print_json(run_document(run, summary, seconds, said))
    else:
        print_run(run, summary, said)
    for path in (wanted.report, wanted.out):
        if path is not None:
            err.print(f"✓ {path}", style="green", markup=False)
    if run.interrupted:
        return EXIT_INTERRUPTED
    return EXIT_NO if said else EXIT_FINE


def command_line() -> str:
    """The command as it can be typed again."""
    return shlex.join(["python", "-m", "scripts", *sys.argv[1:]])
