"""Every stack's plan as it was last reviewed: a change of a plan is a change somebody has to read."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from aigc.config.stacks import stack_names
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of

HERE = Path(__file__).parent


@pytest.mark.parametrize("stack", stack_names())
def test_plan_is_the_reviewed_one(stack: str) -> None:
    golden = HERE / f"{stack}.txt"
    way_out = f"if the change is meant: python -m scripts plan {stack} > tests/golden/{stack}.txt"
    assert golden.is_file(), f"there is no golden plan; {way_out}"
    reviewed, now = golden.read_text().splitlines(), render_text(plan_of(stack)).splitlines()
    difference = "\n".join(difflib.unified_diff(reviewed, now, str(golden.name), "now", lineterm=""))
    assert not difference, f"{difference}\n{way_out}"


def test_no_golden_plan_is_left_over() -> None:
    assert {path.stem for path in HERE.glob("*.txt")} == set(stack_names())
