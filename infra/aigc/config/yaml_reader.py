"""Reads YAML with a line for every value, and refuses what two YAML readers would understand differently.

Pulumi reads stack files with a YAML 1.2 reader in Go, everything here with a YAML 1.1 reader in Python: `on`, `012`,
`1_000` or `1:30` mean different things to them. Such scalars must be quoted. Aliases are refused (nine lines of them
unfold to gigabytes) and so are tags, duplicate keys and more than 50 levels.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from aigc.config.problems import Path

MAX_BYTES = 256 * 1024
"""A stack file of 128 models has about 64 KiB."""
MAX_DEPTH = 50
_TAG = "tag:yaml.org,2002:"
_INT = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NUMBER_IN_GO = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?0[box][0-9a-fA-F_]+")
_PLAIN_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}


class UnreadableError(Exception):
    """Not YAML at all, or YAML that is refused as a whole: what is wrong, where, and what to do."""

    def __init__(self, problem: str, way_out: str, line: int = 0, column: int = 0) -> None:
        self.problem, self.way_out, self.line, self.column = problem, way_out, line, column
        super().__init__(problem)


@dataclass(frozen=True)
class BadScalar:
    """A value or key that has a place but no one meaning."""

    path: Path
    line: int
    problem: str
    way_out: str
    anywhere: bool = False
    """Breaks the structure of the file, so that it counts outside `aigc:stack` too."""


@dataclass
class Document:
    """The plain value of a file, the line of each of its paths, and what was wrong inside."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    bad: list[BadScalar] = field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """The pure-Python loader: slow, but it stops at our depth instead of overflowing the stack in C."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableError(
                f"uses the alias *{event.anchor}",
                "write the value out; aliases are refused",
                mark.line + 1,
                mark.column,
            )
        if self.depth >= MAX_DEPTH:
            raise UnreadableError(
                f"is nested deeper than {MAX_DEPTH} levels", "no stack needs more than 6", mark.line + 1, mark.column
            )
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def decode(raw: bytes) -> str:
    """The text of a file, or what keeps it from being text."""
    if len(raw) > MAX_BYTES:
        raise UnreadableError(f"has {len(raw)} bytes, more than {MAX_BYTES}", "is it the right file?")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UnreadableError(f"is not UTF-8 at byte {error.start}", "save it as UTF-8 text", line) from error
    if not text.strip():
        raise UnreadableError("is empty", "copy stacks/Pulumi.local.yaml and change what differs")
    return text


def read(text: str) -> Document:
    """Parse one document; raises UnreadableError when it is not YAML."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise UnreadableError(f"is not YAML: {problem}", "mend the text at this place", line, column) from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise UnreadableError(
            f"holds the character U+{_code(error):04X}, which YAML forbids", "remove it", line
        ) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableError("is not YAML that can be read", "compare it with stacks/Pulumi.local.yaml") from error
    document = Document()
    document.value = _plain(node, (), document) if node else None
    return document


def _code(error: yaml.reader.ReaderError) -> int:
    character: Any = error.character
    return ord(character) if isinstance(character, str) else int(character)


def _plain(node: yaml.Node, path: Path, into: Document) -> Any:
    into.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, into)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), into) for index, child in enumerate(node.value)]
    assert isinstance(node, yaml.ScalarNode)  # noqa: S101 - YAML has these three kinds of node
    return _scalar(node, path, into)


def _mapping(node: yaml.MappingNode, path: Path, into: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            into.bad.append(BadScalar(path, line, "has a key that is not text", "keys are plain words", True))
            continue
        key = key_node.value
        inner = (*path, key)
        if key_node.tag != _TAG + "str":
            into.bad.append(BadScalar(inner, line, "this key is not text to YAML", f'put it in quotes: "{key}"', True))
        if key in result:
            first = into.lines.get(inner, line)
            into.bad.append(
                BadScalar(inner, line, f"is there twice (first in line {first})", "keep one of the two", True)
            )
            continue
        result[key] = _plain(value_node, inner, into)
        into.lines[inner] = line
    return result


def _scalar(node: yaml.ScalarNode, path: Path, into: Document) -> Any:
    text, line = str(node.value), node.start_mark.line + 1
    kind = node.tag.removeprefix(_TAG)
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        into.bad.append(BadScalar(path, line, "holds half a Unicode character", "write the whole character"))
        return "?"
    if kind == "str" and (node.style is not None or not _NUMBER_IN_GO.fullmatch(text)):
        return text
    if kind not in _PLAIN_KINDS or (kind != "str" and node.style is not None):
        into.bad.append(
            BadScalar(path, line, f"has the YAML tag {node.tag}", "remove the tag; plain values are enough")
        )
        return text
    return _one_meaning(text, path, line, into)


def _one_meaning(text: str, path: Path, line: int, into: Document) -> Any:
    """The value of an unquoted scalar that every YAML reader understands alike."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) < 40 and math.isfinite(float(text)):
        return float(text)
    return _ambiguous(text, path, line, into)


def _ambiguous(text: str, path: Path, line: int, into: Document) -> str:
    into.bad.append(
        BadScalar(
            path,
            line,
            f"YAML readers disagree about the unquoted {text[:40]}",
            "put it in quotes if it is text; else write true, false, null or a plain decimal number",
        )
    )
    return text
