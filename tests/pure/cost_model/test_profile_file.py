"""The measured files of the catalog are read, and every fault of one is named with its place and the way out."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.faults import UserError
from aigc.catalog.reference.architectures import ARCHITECTURES
from aigc.catalog.reference.work import work_of
from aigc.plan.cost_model.estimate import Basis, Estimate, estimate
from aigc.plan.cost_model.profile_file import MEASURE_ANEW, measured_profiles, read_profiles
from aigc.plan.cost_model.served_work import ServedWork

KNOWN = sorted(accelerators())[0]
GOOD: dict[str, Any] = {
    "command": "python -m scripts.measure --accelerator any",
    "commit": 40 * "a",
    "date": "2026-11-29",
    "machine": {
        "gpu": "any", "gpu_memory_bytes": 1, "driver": "1", "power_limit": "700.00 W", "most_clock": "1980 MHz",
        "torch": "2", "cuda": "13.0", "system": "Linux",
    },
    "reached": {"bfloat16_tflops": 700.0},
    "profiles": [
        {"model": "any", "accelerator_id": KNOWN, "request": {"tokens_in": 8}, "batch": 2, "latency_ms": 4,
         "requests_per_second": 500.0, "repetitions": 3, "fastest_ms": 3.5, "slowest_ms": 5.0},
    ],
}  # fmt: skip
FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    (("commit",), "HEAD", "commit", 'is not as it must be ("HEAD")'),
    (("date",), "today", "date", "String should match pattern"),
    (("profiles",), [], "profiles", "has no rows"),
    (("profiles", 0, "latency_ms"), 0, "profiles[0].latency_ms", "greater than 0"),
    (("profiles", 0, "latency_ms"), 6.0, "profiles[0].latency_ms", "is 6, not between fastest_ms 3.5 and slowest_ms 5"),
    (("profiles", 0, "batch"), 1.5, "profiles[0].batch", "integer"),
    (("profiles", 0, "accelerator_id"), "abacus", "profiles[0].accelerator_id", "the catalog knows nothing of abacus"),
    (("profiles", 0, "request"), {}, "profiles[0].request", "asks for nothing"),
    (("profiles", 0, "latency"), 4.0, "profiles[0].latency", "Extra inputs are not permitted"),
    (("reached", "bfloat16_tflops"), -1, "reached.bfloat16_tflops", "greater than 0"),
    (("machine", "driver"), None, "machine.driver", "(null)"),
]


def written(folder: Path, document: Any) -> Path:
    path = folder / "profiles.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


@pytest.mark.parametrize(("place", "value", "where", "problem"), FAULTS)
def test_a_fault_names_its_place(
    place: tuple[str | int, ...], value: Any, where: str, problem: str, tmp_path: Path
) -> None:
    document = copy.deepcopy(GOOD)
    part: Any = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    path = written(tmp_path, document)
    with pytest.raises(UserError) as raised:
        read_profiles(path)
    (fault,) = raised.value.faults
    assert fault.where == f"{path}: {where}"
    assert problem in fault.problem
    assert fault.way_out


def test_a_file_that_is_none_is_named_with_the_way_out(tmp_path: Path) -> None:
    for text, problem in (("{", "is not JSON"), ("[]", "is not as it must be"), ('{"a": 1, "a": 2}', "there twice")):
        with pytest.raises(UserError, match=problem):
            read_profiles(written(tmp_path, text))
    with pytest.raises(UserError, match="name a file that is there"):
        read_profiles(tmp_path / "none.json")
    with pytest.raises(UserError) as raised:
        measured_profiles(tmp_path / "empty")
    assert raised.value.faults[0].way_out == MEASURE_ANEW


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (row,) = read_profiles(written(tmp_path, GOOD)).profiles
    assert (row.batch, row.request.tokens_in, row.latency_ms, row.slowest_ms) == (2, 8, 4.0, 5.0)


def test_what_the_catalog_holds_wins_over_the_roofline() -> None:
    served = {one.name: ServedWork(one.name, work_of(one)) for one in ARCHITECTURES}
    for file in measured_profiles():
        for row in file.profiles:
            accelerator = accelerators()[row.accelerator_id]
            found = estimate(served[row.model], accelerator, row.request, row.batch, file.profiles)
            assert isinstance(found, Estimate)
            assert found.basis is Basis.MEASURED
            assert found.latency_ms == pytest.approx(row.latency_ms)


def test_a_batch_serves_about_as_much_as_its_latency_says() -> None:
    # Back to back the next batch is handed over while one is still worked on: never much less, and little more.
    for file in measured_profiles():
        for row in file.profiles:
            assert 0.85 < row.requests_per_second * row.latency_ms / (1000 * row.batch) < 1.35, row
