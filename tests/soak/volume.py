"""Many requests through the gateway: each is answered, each answer is the known one, and nobody's memory runs away."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path
from typing import Any

from scripts.load.loops import Limits, Recorder, closed_loop
from scripts.load.senders import asking
from tests.faults.kills import PODS
from tests.faults.scene import Scene
from tests.faults.traffic import TIMEOUT_SECONDS, TOKENS_OUT, WRONG, Target, checked, prompts, reason_of

CONCURRENCY = 8
"""Requests in flight per endpoint: a batch of each of its models."""
LONGEST_SECONDS = 6 * 3600.0
WATCHED = ("triton-of-knative", "triton-of-steady", "gateway-envoy", "gateway-controller", "prometheus")


def run(requests: int) -> dict[str, Any]:
    """Shared between the endpoints; each over its own protocol."""
    scene, started = Scene.connect(), time.monotonic()
    targets = scene.targets()
    known = {target.name: target.known(TOKENS_OUT) for target in targets}
    before = memory_mib(scene)
    recorders = asyncio.run(_all(targets, known, requests))
    after = memory_mib(scene)
    samples = [sample for recorder in recorders for sample in recorder.samples]
    failed = Counter(sample.error for sample in samples if sample.error)
    wrong = sum(count for error, count in failed.items() if error.startswith(WRONG))
    objections = [f"{count} times: {error}" for error, count in failed.most_common(10)]
    objections += [f"{name} was started again: it has other processes" for name in WATCHED if not after[name]]
    if len(samples) < requests:
        objections.append(f"{len(samples)} requests ended of {requests}")
    seconds = time.monotonic() - started
    return {
        "objections": objections,
        "wrong": wrong,
        "failed": sum(failed.values()) - wrong,
        "seconds": round(seconds, 1),
        "requests_per_second": round(len(samples) / seconds, 1),
        "memory_mib": {name: {"before": before[name], "after": after[name]} for name in WATCHED},
    }


async def _all(targets: list[Target], known: dict[str, dict[str, str]], requests: int) -> list[Recorder]:
    shares = [requests // len(targets) + (turn < requests % len(targets)) for turn in range(len(targets))]
    pairs = zip(targets, shares, strict=True)
    return list(await asyncio.gather(*(_one(target, known[target.name], share) for target, share in pairs)))


async def _one(target: Target, known: dict[str, str], requests: int) -> Recorder:
    stop = asyncio.Event()
    async with asking(target.settings(float(CONCURRENCY))) as ask:
        limits = Limits(LONGEST_SECONDS, TIMEOUT_SECONDS, TIMEOUT_SECONDS, requests=requests)
        recorder = Recorder(checked(ask, known), reason_of, limits, asyncio.get_running_loop().time())

        async def end() -> None:
            while len(recorder.samples) < requests:
                await asyncio.sleep(0.2)
            stop.set()

        await asyncio.gather(closed_loop(recorder, prompts(TOKENS_OUT), CONCURRENCY, stop), end())
    return recorder


def memory_mib(scene: Scene) -> dict[str, int]:
    """Resident memory by program, its children included (Triton's Python backends do the work)."""
    patterns = {pods.name: pods.pattern for pods in PODS}
    return {name: sum(_resident(pid) for pid in _family(scene.pod_processes(patterns[name]))) for name in WATCHED}


def _family(pids: set[int]) -> set[int]:
    found, new = set(pids), set(pids)
    while new:
        new = {child for pid in new for child in _children(pid)} - found
        found |= new
    return found


def _children(pid: int) -> set[int]:
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS:")), 0)
