"""Every fault of a workload file, with its path in the file and the way out."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.plan.mix.workload_file import read_workload

GOOD: dict[str, Any] = {
    "workload_distribution": [[0.5, 0.25], [0.25, 0.0]],
    "gpu_info": [
        {"name": "small", "cost": 0.7, "tputs": [[2, 1], [0.5, 0]]},
        {"name": "large", "cost": 3.5, "tputs": [[9, 5], [3, 0]]},
    ],
    "total_request_rate": 12.5,
    "slice_factor": 8,
}
FAULTS: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    (("workload_distribution",), [[0.5, 0.25], [0.25]], "workload_distribution[1]", "has 1 columns"),
    (("workload_distribution",), [], "workload_distribution", "at least 1 item"),
    (("workload_distribution",), [[], [1.0]], "workload_distribution[0]", "at least 1 item"),
    (("workload_distribution",), 3, "workload_distribution", "is 3"),
    (("workload_distribution", 0, 1), -0.25, "workload_distribution[0][1]", "is -0.25"),
    (("workload_distribution", 0, 1), float("nan"), "workload_distribution[0][1]", "is NaN"),
    (("workload_distribution", 0, 1), None, "workload_distribution[0][1]", "is null"),
    (("workload_distribution", 0, 1), 0.5, "workload_distribution", "adds up to 1.25, not 1"),
    (("workload_distribution", 1), [0.0, 0.25], "workload_distribution[1][1]", "is 0 for every machine type"),
    (("gpu_info",), [], "gpu_info", "at least 1 item"),
    (("gpu_info", 1, "tputs"), [[1, 1]], "gpu_info[1].tputs", "has 1 rows, workload_distribution has 2"),
    (("gpu_info", 1, "tputs", 1), [1, 2, 3], "gpu_info[1].tputs[1]", "has 3 columns"),
    (("gpu_info", 0, "tputs", 1, 0), float("inf"), "gpu_info[0].tputs[1][0]", "is Infinity"),
    (("gpu_info", 0, "tputs", 1, 0), "1", "gpu_info[0].tputs[1][0]", 'is "1"'),
    (("gpu_info", 0, "cost"), 0, "gpu_info[0].cost", "is 0"),
    (("gpu_info", 0, "cost"), True, "gpu_info[0].cost", "is true"),
    (("gpu_info", 0, "cost"), None, "gpu_info[0].cost", "is null"),
    (("gpu_info", 1, "name"), "small", "gpu_info[1].name", "is the name of gpu_info[0] too"),
    (("gpu_info", 1, "name"), "cost", "gpu_info[1].name", "is the answer's own key"),
    (("gpu_info", 1, "name"), "", "gpu_info[1].name", 'is ""'),
    (("gpu_info", 1, "price"), 1, "gpu_info[1].price", "there is no such key"),
    (("gpu_info", 0), 7, "gpu_info[0]", "is 7"),
    (("total_request_rate",), -1, "total_request_rate", "is -1"),
    (("total_request_rate",), 1.3e7, "workload_distribution[1][0]", "requests/s, of which one machine serves 3"),
    (("slice_factor",), 0, "slice_factor", "is 0"),
    (("slice_factor",), 1.5, "slice_factor", "is 1.5"),
    (("slice_facto",), 8, "slice_facto", "there is no such key"),
]


def written(folder: Path, document: Any) -> Path:
    path = folder / "workload.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def changed(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    document = copy.deepcopy(GOOD)
    part: Any = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


def faults(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(UserError) as caught:
        read_workload(path)
    return [(fault.where, fault.problem, fault.way_out) for fault in caught.value.faults]


def test_a_good_file_is_read(tmp_path: Path) -> None:
    workload = read_workload(written(tmp_path, GOOD))
    assert workload.gpu_info[1].tputs == ((9, 5), (3, 0)) and workload.total_request_rate == 12.5


@pytest.mark.parametrize(("path", "value", "where", "problem"), FAULTS, ids=lambda one: None)
def test_a_fault_names_its_place(
    tmp_path: Path, path: tuple[str | int, ...], value: Any, where: str, problem: str
) -> None:
    file = written(tmp_path, changed(path, value))
    (found,) = faults(file)
    assert found[0] == f"{file}: {where}"
    assert problem in found[1]
    assert found[2]


@pytest.mark.parametrize("key", GOOD)
def test_only_the_slice_factor_may_be_left_out(tmp_path: Path, key: str) -> None:
    file = written(tmp_path, {name: value for name, value in GOOD.items() if name != key})
    if key == "slice_factor":
        assert read_workload(file).slice_factor == 1
    else:
        ((where, problem, way_out),) = faults(file)
        assert (where, problem) == (f"{file}: {key}", "is missing") and way_out.startswith("add it. ")


def test_faults_are_found_together_and_a_misspelt_key_is_recognised(tmp_path: Path) -> None:
    document = changed(("gpu_info", 0, "tput"), 1) | {"total_request_rate": -3}
    found = {where.partition(": ")[2]: way_out for where, _, way_out in faults(written(tmp_path, document))}
    assert set(found) == {"gpu_info[0].tput", "total_request_rate"}
    assert "did you mean tputs?" in found["gpu_info[0].tput"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is not JSON: Expecting value"),
        ('{"a": 1,}', "is not JSON"),
        ("[]", "is not as it must be"),
        ("[" * 100_000, "is not JSON that can be read"),
        ('{"slice_factor": 1, "slice_factor": 2}', "the key slice_factor is there twice"),
        ('{"total_request_rate": 1' + "0" * 5000 + "}", "is not JSON that can be read"),
    ],
)
def test_what_is_no_workload_is_refused_as_a_whole(tmp_path: Path, text: str, problem: str) -> None:
    assert any(problem in one for _, one, _ in faults(written(tmp_path, text)))


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be read" in faults(tmp_path / "none.json")[0][1]
    assert "cannot be read" in faults(tmp_path)[0][1]
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xff"}')
    assert "is not JSON that can be read" in faults(tmp_path / "latin.json")[0][1]
