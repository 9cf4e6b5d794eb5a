"""Settings that every ring shares."""

from __future__ import annotations

import gc
import os

import pytest

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # an Output inside an f-string raises instead of printing an address
# Three clouds' SDKs are a million objects that live to the end: by Python's 700 it looks through all of them again and
# again (9.1 s of processor time to import them, 8.4 s this way).
gc.set_threshold(50_000, 20, 100)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the contract tests checked: it stands in their reports, for other processes may have run them."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    for text in sorted(
        str(value) for report in reports for name, value in report.user_properties if name == "contract"
    ):
        terminalreporter.write_line(f"contract {text}")
