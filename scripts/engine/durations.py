"""Durations as Go writes them: `1m30s`, `2h`, `150ms`."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """A duration in seconds; 0 for a text that is none."""
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text))
