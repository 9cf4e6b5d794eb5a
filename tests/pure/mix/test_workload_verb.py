"""`plan --workload` on a terminal: one JSON document, or the mix with its routing; faults end with 2."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scripts.__main__ import main
from tests.pure.mix.test_workload_file import GOOD, written


def test_json_is_counts_and_cost_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--workload", str(written(tmp_path, GOOD)), "--format", "json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out) == {"small": 7, "large": 1, "cost": 8.4}
    assert printed.err == ""


def test_text_says_what_is_rented_and_what_goes_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--workload", str(written(tmp_path, GOOD))]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "$8.4 an hour for 12.5 requests/s"
    assert re.search(r"^  small  7 at \$0.7 an hour, 9[0-9.]+% busy$", text, re.MULTILINE)
    assert "  [0][0] 50.00% of the requests: small 100.0%\n" in text
    assert re.search(r"^  \[1\]\[0\] 25.00% of the requests: small [0-9.]+%, large [0-9.]+%$", text, re.MULTILINE)
    assert "[1][1]" not in text, "a bucket without traffic goes nowhere"


def test_a_fault_ends_with_2_and_names_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD | {"total_request_rate": "many"})
    assert main(["plan", "--workload", str(path)]) == 2
    assert "total_request_rate" in capsys.readouterr().err


def test_a_workload_needs_no_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "gcp-dev", "--workload", str(written(tmp_path, GOOD))]) == 2
    assert "leave gcp-dev or the option out" in capsys.readouterr().err
