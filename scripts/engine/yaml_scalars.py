"""YAML as Go's yaml.v3 reads it, because Pulumi does and PyYAML differs.

PyYAML reads YAML 1.1: `yes` is true, `1:30` is ninety and `1e3` is a text. One stack file must mean the same to both
engines, so plain scalars are resolved here by Go's rules.
"""

from __future__ import annotations

import datetime
import re
from enum import Enum
from typing import Any

import yaml

_FLOAT = re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
_TIMESTAMP = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}([Tt ]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[-+]\d{2}:\d{2})?)?$")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_DECODE_WORDS = {
    **_WORDS,
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), False),
}
UINT64 = 2**64
INT64_LOWEST = -(2**63)


class Dialect(Enum):
    """Who reads: Pulumi's configuration (yaml.v3), or the Kubernetes provider's `yaml:decode` (sigs.k8s.io/yaml)."""

    CONFIG = "config"
    DECODE = "decode"


def resolve_plain(text: str, dialect: Dialect = Dialect.CONFIG) -> Any:
    """The value of an unquoted scalar."""
    words = _WORDS if dialect is Dialect.CONFIG else _DECODE_WORDS
    if text in words:
        return words[text]
    if not (text[0].isdigit() or text[0] in "+-."):
        return text
    if dialect is Dialect.CONFIG and _TIMESTAMP.match(text):
        return _timestamp(text)
    return _number(text)


def _number(text: str) -> Any:
    plain = text.replace("_", "")
    integer = _integer(plain)
    if integer is not None and INT64_LOWEST <= integer < UINT64:
        return integer
    return float(plain) if _FLOAT.match(plain) else text


def _integer(plain: str) -> int | None:
    sign, digits = (-1, plain[1:]) if plain.startswith("-") else (1, plain.removeprefix("+"))
    bases = {"0x": 16, "0X": 16, "0b": 2, "0B": 2, "0o": 8, "0O": 8}
    base = bases.get(digits[:2], 8 if digits.startswith("0") and len(digits) > 1 else 10)
    body = digits[2:] if digits[:2] in bases else digits
    if not body or not body.isascii() or not body.isalnum():
        return None
    try:
        return sign * int(body, base)
    except ValueError:
        return None


def _timestamp(text: str) -> Any:
    try:
        if len(text) <= len("2006-01-02"):
            year, month, day = (int(part) for part in text.split("-"))
            return datetime.datetime(year, month, day, tzinfo=datetime.UTC)
        moment = datetime.datetime.fromisoformat(text.replace("t", "T").replace("Z", "+00:00"))
    except ValueError:
        return text
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


class _GoLoader(yaml.SafeLoader):
    """Composes nodes with PyYAML and resolves their scalars by Go's rules."""

    dialect = Dialect.CONFIG

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A key that stands twice is an error in Go; PyYAML would keep the last one silently."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key.value!r} stands twice in one mapping", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_go_scalar(self, node: yaml.ScalarNode) -> Any:
        if node.style is None:
            return resolve_plain(node.value, self.dialect)
        return node.value


class _DecodeLoader(_GoLoader):
    dialect = Dialect.DECODE


_KEY_TAGS = ("int", "float", "bool", "null", "timestamp", "str", "value")
for _tag in _KEY_TAGS:
    _GoLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _GoLoader.construct_go_scalar)
    _DecodeLoader.add_constructor(f"tag:yaml.org,2002:{_tag}", _GoLoader.construct_go_scalar)


def load(text: str) -> Any:
    """One document of configuration."""
    return yaml.load(text, Loader=_GoLoader)  # noqa: S506 - a SafeLoader of ours


def load_manifests(text: str) -> list[Any]:
    """Every document of a manifest, as the Kubernetes provider decodes it."""
    return [_without_null(document) for document in yaml.load_all(text, Loader=_DecodeLoader)]


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _without_null(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_null(item) for item in value]
    return value
