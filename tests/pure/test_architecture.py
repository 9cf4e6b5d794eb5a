"""The rules of the house, executable: what may import what, how long things may be, what is known in one place."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "infra" / "aigc"
LAYERS = ["catalog", "config", "plan", "policy", "tokens", "clouds", "cluster", "foundation", "serving",
          "autoscaling", "observability"]  # fmt: skip
PURE_LAYERS = {"catalog", "config", "plan", "policy"}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
FORBIDDEN_PLACES = {"utils", "common", "helpers", "platform"}


def tracked_python() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def layer_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_layer_imports_only_earlier_ones(path: Path) -> None:
    layer = layer_of(path)
    if layer == "__init__":
        return
    for module in imported_modules(path):
        if module.startswith("aigc."):
            imported = module.split(".")[1]
            assert LAYERS.index(imported) <= LAYERS.index(layer), f"{layer} imports the later layer {imported}"
        assert not module.startswith("scripts"), "nothing in the program may import the ops command"
        if layer in PURE_LAYERS and path.name != "load.py":
            assert module.split(".")[0] not in {
                "pulumi",
                "pulumi_aws",
                "pulumi_azure_native",
                "pulumi_gcp",
                "pulumi_kubernetes",
            }, f"{layer} is pure"


@pytest.mark.parametrize("path", tracked_python(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE_LINES, "does this file hold two things?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines: is there a step with a name in it?"


def test_config_is_read_in_one_file() -> None:
    readers = [p for p in (ROOT / "infra").rglob("*.py") if re.search(r"pulumi\.Config|import Config\b", p.read_text())]
    assert [p.relative_to(ROOT).as_posix() for p in readers] == ["infra/aigc/config/load.py"]


def test_no_place_is_called_after_nothing() -> None:
    bad = [p for p in tracked_python() if FORBIDDEN_PLACES & set(p.relative_to(ROOT).with_suffix("").parts)]
    assert bad == []


def test_machine_and_accelerator_names_stay_in_the_catalog() -> None:
    rows = yaml.safe_load((PACKAGE / "catalog" / "accelerators.yaml").read_text())
    ids = {row["accelerator_id"] for row in rows["accelerator_physics"]} - {None, "cpu"}
    offenders = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in PACKAGE.rglob("*.py")
        for name in sorted(ids)
        if f'"{name}"' in path.read_text()
    ]
    assert offenders == []


def test_the_main_program_is_read_in_a_minute() -> None:
    assert (ROOT / "infra" / "__main__.py").read_text().count("\n") <= 30
