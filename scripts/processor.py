"""What this machine computes with, as its kernel tells it."""

from __future__ import annotations

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def cpu_name(cpuinfo: Path = CPUINFO) -> str | None:
    """Model name, and family and model, as virtual machines hide the marketing name; None where the kernel has none."""
    try:
        rows = [line.partition(":") for line in cpuinfo.read_text().partition("\n\n")[0].splitlines()]
    except OSError:
        return None
    facts = {key.strip(): value.strip() for key, _, value in rows}
    try:
        return f"{facts['model name']}, family {facts['cpu family']} model {facts['model']}"
    except KeyError:
        return None
