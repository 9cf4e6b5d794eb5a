"""Runs and comparisons on the terminal, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table

from scripts.console import out
from scripts.load.compare import Difference
from scripts.load.ledger_entry import ledger_entry
from scripts.load.run_file import Run
from scripts.load.summary import Second, Summary
from scripts.load.words import interval, number, percentile_rows, prediction_rows, result_rows, setting_rows

STYLES = {"better": "green", "worse": "bold red"}


def print_run(run: Run, summary: Summary, objections: list[str]) -> None:
    """For a person."""
    facts = Table(show_header=False, box=None)
    for name, value in [*setting_rows(run), *result_rows(summary), *prediction_rows(run, summary)]:
        facts.add_row(name, value)
    out.print(facts, markup=False)
    table = Table("latency", "ms", "95% interval, ms", "", title=f"{summary.answered} answers")
    for row in percentile_rows(summary):
        table.add_row(*row)
    out.print(table, markup=False)
    if summary.errors:
        errors = Table("failed", "why")
        for reason, count in summary.errors.items():
            errors.add_row(str(count), reason)
        out.print(errors, markup=False)
    for warning in summary.warnings:
        out.print(f"! {warning}", style="yellow", markup=False)
    for objection in objections:
        out.print(f"✗ {objection}", style="bold red", markup=False)


def run_document(run: Run, summary: Summary, seconds: list[Second], objections: list[str]) -> dict[str, Any]:
    """For a program: everything but the single samples, which `--out` writes."""
    document: dict[str, Any] = run.model_dump(mode="json", exclude={"samples"})
    percentiles = {one.name: asdict(one) for one in summary.percentiles}
    facts = {**asdict(summary), "percentiles": percentiles, "error_percent": summary.error_percent}
    return {
        **document,
        "prediction_errors": ledger_entry(run, summary).errors,
        "summary": facts,
        "by_second": [asdict(s) for s in seconds],
        "objections": objections,
    }


def print_comparison(differences: list[Difference], notes: list[str]) -> None:
    """For a person."""
    table = Table("metric", "unit", "old", "new", "change", "95% interval", "verdict")
    for one in differences:
        verdict = one.why or f"{one.verdict}{' (for all metrics together)' if one.jointly else ''}"
        values = number(one.old), number(one.new), number(one.change), interval(one.low, one.high)
        table.add_row(one.name, one.unit, *values, verdict, style=STYLES.get(one.verdict))
    out.print(table, markup=False)
    for note in notes:
        out.print(note, markup=False)
