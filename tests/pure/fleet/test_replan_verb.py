"""`plan --workload FILE --since LAST.json`: its answers are last fleets too, bad ones are refused by their place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.__main__ import main
from tests.pure.fleet.examples import half_full
from tests.pure.fleet.test_wanted_file import GOOD, changed, written


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule in place of the queue, which takes half a second for each rate."""
    monkeypatch.setattr("aigc.plan.fleet.queue_rate.largest_rate", half_full)


def asked(workload: Path, capsys: pytest.CaptureFixture[str], *further: str) -> Any:
    assert main(["plan", "--workload", str(workload), "--format", "json", *further]) == 0
    return json.loads(capsys.readouterr().out)


def test_each_answer_is_the_last_fleet_of_the_next_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = tmp_path / "last.json"
    last.write_text(json.dumps(asked(written(tmp_path, GOOD), capsys)))
    assert asked(written(tmp_path, GOOD), capsys, "--since", str(last))["change"] is None
    busier = written(tmp_path, changed(("models", 0, "requests_per_second"), 60))
    grown = asked(busier, capsys, "--since", str(last))
    assert grown["no_longer"] and grown["change"]["after"] > grown["change"]["before"]
    for _ in range(9):
        last.write_text(json.dumps(asked(busier, capsys, "--since", str(last))))
    assert main(["plan", "--workload", str(busier), "--since", str(last)]) == 0
    assert capsys.readouterr().out.startswith("No change, $")


def test_without_a_fleet_it_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = tmp_path / "last.json"
    last.write_text('{"machines": []}')
    path = written(tmp_path, changed(("models", 0, "p99_ms"), 3))
    assert main(["plan", "--workload", str(path), "--since", str(last)]) == 1
    assert "no accelerator serves class short within 3 ms" in capsys.readouterr().out


POOL = {
    "cloud": "gcp",
    "machine_type": "g2-standard-4",
    "region": "us-central1",
    "capacity": "on_demand",
    "accelerator_id": "nvidia-l4",
    "share": "whole",
    "count": 2,
    "zones": 1,
    "usd_per_hour": 0.7,
    "watts": 72,
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is no fleet: it has no key machines"),
        ('{"feasible": false, "causes": []}', "says that no fleet serves"),
        ('{"machines": 3}', "machines is 3: "),
        (json.dumps({"machines": [POOL | {"count": 0}]}), "machines[0].count is 0: "),
        (json.dumps({"machines": [POOL | {"count": 3, "zones": 2}]}), "machines[0].count is 3, which 2 zones"),
        (json.dumps({"machines": [POOL | {"usd_per_hour": "1"}]}), "machines[0].usd_per_hour is "),
        (json.dumps({"machines": [{"cloud": "gcp"}]}), "machines[0].count is missing"),
    ],
)
def test_a_bad_last_fleet_ends_with_2_and_names_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    last = tmp_path / "last.json"
    last.write_text(text)
    assert main(["plan", "--workload", str(written(tmp_path, GOOD)), "--since", str(last)]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert said in told and "last.json" in told


def test_only_a_file_of_models_has_a_last_fleet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = tmp_path / "last.json"
    last.write_text(json.dumps({"machines": [POOL]}))
    assert main(["plan", "--since", str(last)]) == 2
    assert "add --workload FILE" in capsys.readouterr().err
    assert main(["plan", "--workload", "docs/examples/workload.json", "--since", str(last)]) == 2
    assert "states no models" in capsys.readouterr().err
