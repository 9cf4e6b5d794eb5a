"""Reads the source of the packages azure-mgmt-*: classes, their fields, enumerations, and what stands in a URL.

Their files have up to 55,000 lines, of which a stack needs some hundred: only those are parsed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

_TOP = re.compile(r"^(?:(?:class|def) (\w+)|[A-Za-z_@])", re.MULTILINE)
_URL = "path_format_arguments"


class Blocks:
    """The classes and functions at the top of some files by their name, parsed when they are asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._source: dict[str, str] = {}
        self._parsed: dict[str, Any] = {}
        for path in paths:
            text = path.read_text()
            starts = [*_TOP.finditer(text)]
            ends = [*(match.start() for match in starts[1:]), len(text)]
            self._source |= {
                match[1]: text[match.start() : end] for match, end in zip(starts, ends, strict=True) if match[1]
            }

    def __contains__(self, name: str) -> bool:
        return name in self._source

    def __getitem__(self, name: str) -> Any:
        if name not in self._source:
            raise KeyError(f"no class or function {name}")
        if name not in self._parsed:
            self._parsed[name] = ast.parse(self._source[name]).body[0]
        return self._parsed[name]


def blocks(paths: Sequence[Path]) -> Blocks:
    """Of the files of one package."""
    return Blocks(paths)


def bases(block: ast.ClassDef) -> Iterator[str]:
    """The names of a class's bases."""
    yield from (ast.unparse(base).rpartition(".")[2] for base in block.bases)


def rest_fields(block: ast.ClassDef) -> Iterator[tuple[str, ast.expr, ast.Call]]:
    """Python's name, type and call of each field that newer packages declare."""
    for node in block.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) in ("rest_field", "rest_discriminator")
        ):
            yield node.target.id, node.annotation, node.value


def keyword(call: ast.Call, name: str) -> Any:
    """The value of a call's argument, None without it."""
    return next((ast.literal_eval(one.value) for one in call.keywords if one.arg == name), None)


def constant(block: ast.ClassDef, name: str) -> Any:
    """The value of an attribute of a class, None without it."""
    for node in block.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    return None


def is_flattened(block: ast.ClassDef) -> bool:
    """Whether the package lifts what is in `properties` out of it."""
    return constant(block, "__flattened_items") is not None


def arguments(block: ast.ClassDef) -> dict[str, ast.expr]:
    """The types of a constructor's arguments: older packages name enumerations nowhere else."""
    for node in block.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            return {one.arg: one.annotation for one in node.args.kwonlyargs if one.annotation is not None}
    return {}


def values_of(block: ast.ClassDef) -> tuple[str, ...]:
    """The values of an enumeration."""
    return tuple(str(ast.literal_eval(node.value)) for node in block.body if isinstance(node, ast.Assign))


@cache
def url_parameters(folder: Path, group: str, operation: str) -> dict[str, dict[str, Any]]:
    """What stands in the URL of an operation, each with what the package says of its length and form.

    Newer packages have all operations in one file, older ones a file for each group. KeyError without the operation.
    """
    alone = folder / "operations" / f"_{group}_operations.py"
    name = f"build_{operation}_request" if alone.exists() else f"build_{group}_{operation}_request"
    function = blocks([alone if alone.exists() else folder / "operations" / "_operations.py"])[name]
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _URL and isinstance(node.value, ast.Dict):
            return {
                str(ast.literal_eval(key)): _limits(value)
                for key, value in zip(node.value.keys, node.value.values, strict=True)
                if key is not None
            }
    raise KeyError(f"{name} has no URL")


def _limits(value: ast.expr) -> dict[str, Any]:
    assert isinstance(value, ast.Call), "a parameter is written by the serializer"
    return {one.arg: ast.literal_eval(one.value) for one in value.keywords if one.arg not in (None, "skip_quote")}
