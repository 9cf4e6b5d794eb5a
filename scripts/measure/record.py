"""The file that a run leaves: machine, command and day, what the GPU reaches at best, and a row a measured batch."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from scripts.measure.timing import Replay, timed

COMMAND = "python -m scripts.measure"
SIDE = 8192
"""Rows and columns of a large product of matrices."""
MOVED_BYTES = 4 * 2**30


def machine() -> dict[str, Any]:
    """The GPU, and what drives it."""
    properties = torch.cuda.get_device_properties(0)
    asked = ["nvidia-smi", "--query-gpu=driver_version,power.limit,clocks.max.sm", "--format=csv,noheader"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    driver, power_limit, most_clock = (part.strip() for part in answer.split(","))
    return {
        "gpu": properties.name,
        "gpu_memory_bytes": properties.total_memory,
        "driver": driver,
        "power_limit": power_limit,
        "most_clock": most_clock,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "system": f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
    }


def reached() -> dict[str, float]:
    """What one large product in each kind of numbers reaches, in 10^12 FLOPs/s, and moving, in 10^9 bytes/s."""
    found = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        left, right = (torch.randn(SIDE, SIDE, device="cuda", dtype=dtype) for _ in range(2))
        replay = Replay()
        replay.capture(lambda: left @ right)  # noqa: B023 (called before the next one)
        found[f"{str(dtype).removeprefix('torch.')}_tflops"] = round(
            2 * SIDE**3 / timed(replay).back_to_back_ms / 1e9, 1
        )
    source = torch.zeros(MOVED_BYTES // 4, dtype=torch.float32, device="cuda")
    target, replay = torch.empty_like(source), Replay()
    # By a kernel, as models move their numbers: a copy may be done by another part of the GPU.
    replay.capture(lambda: torch.neg(source, out=target))
    found["moved_gb_s"] = round(2 * MOVED_BYTES / timed(replay).back_to_back_ms / 1e6, 1)
    return found


class Record:
    """Written anew with every row, so that a run that is cut short has lost nothing."""

    def __init__(self, path: Path, accelerator_id: str, commit: str | None, arguments: Sequence[str]) -> None:
        self._path, self._accelerator_id = path, accelerator_id
        self._content: dict[str, Any] = {
            "command": shlex.join([*COMMAND.split(), *arguments]),
            "commit": commit,
            "date": time.strftime("%Y-%m-%d"),
            "machine": machine(),
            "reached": {},
            "profiles": [],
        }

    def say_reached(self, found: dict[str, float]) -> None:
        """Keep what the GPU reaches at best."""
        self._content["reached"] = found
        self._save()

    def add(self, model: str, row: dict[str, Any]) -> None:
        """Keep one measured batch."""
        self._content["profiles"].append({"model": model, "accelerator_id": self._accelerator_id, **row})
        self._save()

    def _save(self) -> None:
        rows = ",\n".join(f"    {json.dumps(row)}" for row in self._content["profiles"])
        head = json.dumps({**self._content, "profiles": []}, indent=2).removesuffix("[]\n}")
        beside = self._path.with_suffix(".part")
        beside.write_text(f"{head}[\n{rows}\n  ]\n}}\n", encoding="utf-8")
        beside.replace(self._path)
