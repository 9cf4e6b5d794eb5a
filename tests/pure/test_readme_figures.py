"""README quotes the newest figures of the benches, and no others."""

from __future__ import annotations

import json
import re

from aigc.config.stacks import PROJECT_ROOT

QUOTED = {
    "up_from_down_seconds": "{} s",
    "up_when_up_seconds": "{} s",
    "objects": "{} objects",
    "cold_start_seconds": "{} s",
    "warm_ms": "{} ms",
    "down_seconds": "{} s",
}


def test_the_paragraph_on_up_quotes_its_result() -> None:
    result = json.loads((PROJECT_ROOT / "tests/bench/results/up.json").read_text())
    (paragraph,) = re.findall(r"^With everything built.*?\n\n", (PROJECT_ROOT / "README.md").read_text(), re.S | re.M)
    assert result["command"] in paragraph
    figures = re.findall(r"\d[\d.]* (?:s|ms|objects)\b", paragraph)
    assert sorted(figures) == sorted(form.format(result[name]) for name, form in QUOTED.items())
