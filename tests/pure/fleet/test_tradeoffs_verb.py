"""`plan --workload FILE --tradeoffs`: the three lists in text and as one JSON document; 1 where nothing can be had."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from scripts.__main__ import main
from tests.pure.fleet.examples import half_full
from tests.pure.fleet.test_wanted_file import GOOD, changed, written


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule in place of the queue, which takes half a second for each rate."""
    monkeypatch.setattr("aigc.plan.fleet.queue_rate.largest_rate", half_full)


def test_all_lists_are_there_and_text_says_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD)
    assert main(["plan", "--workload", str(path), "--tradeoffs", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    objectives, watts, grams = (found[f"cost_by_{what}"] for what in ("objective", "watts", "grams_co2e"))
    assert objectives and watts and grams
    assert all(a["usd_per_hour"] > b["usd_per_hour"] for a, b in itertools.pairwise(objectives))
    assert all(a["watts"] > b["watts"] for a, b in itertools.pairwise(watts))
    assert main(["plan", "--workload", str(path), "--tradeoffs"]) == 0
    text = capsys.readouterr().out
    assert text.count(" an hour\n") == len(objectives) + len(watts) + len(grams)
    assert f"${watts[0]['usd_per_hour']:,.4g} an hour" in text


def test_without_any_fleet_it_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, changed(("models", 0, "p99_ms"), 0.5))
    assert main(["plan", "--workload", str(path), "--tradeoffs"]) == 1
    assert "none of those that were tried" in capsys.readouterr().out


def test_it_is_a_question_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--tradeoffs"]) == 2
    assert "add --workload FILE" in capsys.readouterr().err
    path = written(tmp_path, GOOD)
    assert main(["plan", "--workload", str(path), "--tradeoffs", "--stack-file", str(tmp_path)]) == 2
    assert "two questions" in capsys.readouterr().err
