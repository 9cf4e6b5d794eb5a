"""Values as Go prints them: Pulumi hands configuration to a program as text made by Go's `fmt` and `encoding/json`."""

from __future__ import annotations

import datetime
import json
import math
from decimal import Decimal
from typing import Any

FMT_EXPONENT_FROM = 21
JSON_EXPONENT_FROM = 1e21
JSON_EXPONENT_BELOW = 1e-6
FMT_EXPONENT_BELOW = 1e-4
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def scalar(value: Any) -> str:
    """A scalar at the top of a configuration value: Go's `%v`; null is the empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, datetime.datetime):
        return _time(value)
    return str(value)


def compact_json(value: Any) -> str:
    """An object or list: compact, keys sorted, numbers as doubles, and HTML characters escaped as Go does."""
    text = _json(value)
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text


def _json(value: Any) -> str:
    if isinstance(value, dict):
        items = sorted((str(key) if isinstance(key, str) else scalar(key), item) for key, item in value.items())
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_json(item)}" for key, item in items) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_json(item) for item in value) + "]"
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime.datetime):
        return json.dumps(value.isoformat().replace("+00:00", "Z"))
    return _json_number(float(value))


def _json_number(number: float) -> str:
    size = abs(number)
    if size != 0 and (size < JSON_EXPONENT_BELOW or size >= JSON_EXPONENT_FROM):
        return _exponent(number, digits=1)
    return _plain(number)


def _float(number: float) -> str:
    if math.isnan(number) or math.isinf(number):
        return {True: "NaN"}.get(math.isnan(number), "+Inf" if number > 0 else "-Inf")
    size = abs(number)
    if size != 0 and (size < FMT_EXPONENT_BELOW or size >= 10**FMT_EXPONENT_FROM):
        return _exponent(number, digits=2)
    return _plain(number)


def _plain(number: float) -> str:
    text = format(Decimal(repr(number)), "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _exponent(number: float, digits: int) -> str:
    sign, figures, exponent = Decimal(repr(number)).normalize().as_tuple()
    text = "".join(str(figure) for figure in figures)
    power = int(exponent) + len(text) - 1
    mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):0{digits}d}"


def _time(moment: datetime.datetime) -> str:
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    offset = moment.strftime("%z")
    zone = "UTC" if offset == "+0000" else offset
    return f"{moment:%Y-%m-%d %H:%M:%S}{fraction} {offset} {zone}"
