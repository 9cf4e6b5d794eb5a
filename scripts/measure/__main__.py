"""Measures batches of reference models with random weights on the GPU of this machine, and writes one JSON file.

    PYTHONPATH=.:infra python -m scripts.measure --accelerator nvidia-h200-141gb --out FILE

It needs PyTorch, its compiler (Triton and a C compiler) and one GPU, and of this repository its files alone. The id is
that of `infra/aigc/catalog/accelerators.yaml`. Every batch is a CUDA graph, as in a serving engine, so that what is
measured is the GPU and not Python.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import torch
import torch._dynamo

from aigc.catalog.reference.architectures import ARCHITECTURES, Transformer
from scripts.measure.parts import Random
from scripts.measure.record import Record, reached
from scripts.measure.timing import timed
from scripts.measure.workloads import SEED, Prepared, prepared

DIGITS = 4
"""Of a millisecond."""


def main(arguments: Sequence[str]) -> int:
    """Measure; 1 where a model failed or left what is no number, 2 without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--accelerator", required=True, help="its id in the catalog")
    parser.add_argument("--out", type=Path, required=True, help="file of the result")
    names = [one.name for one in ARCHITECTURES]
    parser.add_argument("--models", nargs="+", choices=names, default=names, help="default: all")
    parser.add_argument("--commit", default=None, help="of these files, where they are not in a checkout")
    asked = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print("this machine: PyTorch sees no GPU. Run this where nvidia-smi lists one", file=sys.stderr)  # noqa: T201
        return 2
    kept = ["--accelerator", asked.accelerator, *(["--models", *asked.models] if asked.models != names else [])]
    record = Record(asked.out, asked.accelerator, asked.commit or _commit(), kept)
    torch._dynamo.config.recompile_limit = 64
    started = time.monotonic()
    failed = 0
    with torch.no_grad():
        record.say_reached(reached())
        for architecture in ARCHITECTURES:
            if architecture.name in asked.models:
                failed += _measured(architecture, record, started)
    return 1 if failed else 0


def _commit() -> str:
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True, cwd=Path(__file__).parent).stdout.strip()


def _measured(architecture: Transformer, record: Record, started: float) -> bool:
    """Whether a model failed: what it has measured by then is kept, and the others are measured too."""
    # What was compiled for another width would be made to fit all widths.
    torch._dynamo.reset()
    try:
        for one in prepared(architecture, Random(architecture, "cuda", SEED)):
            row = _row(one)
            record.add(architecture.name, row)
            print(f"{time.monotonic() - started:6.1f} s  {architecture.name}  {row}", flush=True)  # noqa: T201
            del one
            _clear()
    except (RuntimeError, ArithmeticError):
        traceback.print_exc()
        return True
    finally:
        _clear()
    return False


def _clear() -> None:
    gc.collect()
    torch.cuda.empty_cache()


def _row(one: Prepared) -> dict[str, object]:
    found = timed(one.replay)
    if not bool(torch.isfinite(one.result).all()):
        raise ArithmeticError(f"{one.request} in a batch of {one.batch}: not all of the result are numbers")
    return {
        "request": one.request,
        "batch": one.batch,
        "latency_ms": round(found.latency_ms, DIGITS),
        "requests_per_second": round(1000 * one.batch / found.back_to_back_ms, DIGITS),
        "repetitions": found.repetitions,
        "fastest_ms": round(found.fastest_ms, DIGITS),
        "slowest_ms": round(found.slowest_ms, DIGITS),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
