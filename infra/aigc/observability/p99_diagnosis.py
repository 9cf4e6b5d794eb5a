"""Why is p99 up? From numbers to a verdict; pure, so that a prepared incident and a sentence in a report agree.

It stands beside the dashboards because both show the same numbers (`p99_numbers.py`) against the same thresholds.

The mean time of a request is cut into parts that do not overlap: wait for a pod, each hop between two places that
measure, Triton's queue, Triton's computing. The part that grew most is the reason. Two reasons come before that: a
pod that started while requests waited for it, since its few requests are the slowest hundredth and hardly move a mean;
and pages that are read back, since they slow every part down at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

UP_FACTOR = 2.0
"""Half as much again is the coarseness of a histogram whose boundaries are a third apart; twice is not."""
FAR_FROM_MEDIAN = 3.0
"""Without a time before: a healthy endpoint's p99 is at most about twice its p50, for answers of different lengths."""
SMALLEST_RISE_MS = 20.0
"""A few scheduler slices on a busy node: below that nobody waits, whatever the ratio."""
MAIN_SHARE = 0.5
"""A part is the reason when at least half of all growth is its own; else there is more than one."""
COLD_START_MS = 500.0
"""The fastest start of a pod with Triton takes seconds, a detour through a warm activator a few milliseconds."""
COLD_SHARE = 0.01
"""One in a hundred: fewer requests that wait are not p99."""
FAULTS_PER_SECOND = 100.0
"""Each costs 0.1 ms (SSD) to 10 ms (network disk) of waiting: from here on 1% of the time and more. A model that fits
has none after its start."""
MEMORY_FULL_SHARE = 0.9
"""Of a pod's limit or a node's memory; the page cache is already being taken back."""


class Cause(StrEnum):
    """What made p99 go up."""

    NONE = "none"
    QUEUEING = "queueing"
    COLD_START = "cold start"
    SLOW_HOP = "slow hop"
    MEMORY_PRESSURE = "memory pressure"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """A part of a request's time; no two overlap."""

    NETWORK = "between the gateway and the next hop"
    ACTIVATOR = "between the activator and the queue-proxy"
    SIDECAR = "between the queue-proxy and Triton"
    OUTSIDE = "between the gateway and Triton"
    QUEUE = "in Triton's queue"
    COMPUTE = "in Triton's computing"


HOPS = (Part.NETWORK, Part.ACTIVATOR, Part.SIDECAR, Part.OUTSIDE)


@dataclass(frozen=True)
class Numbers:
    """One endpoint over one span of time; None where nothing was measured. Times are means of its requests."""

    requests_per_second: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    entry_ms: float | None = None
    """Where requests are counted first: at the gateway."""
    activator_ms: float | None = None
    """Of those requests that went through it: all at zero replicas, and later while burst capacity is lacking."""
    activator_share: float | None = None
    activator_queued: float | None = None
    """The most requests that waited in it at one time for a pod, or for room in one."""
    queue_proxy_ms: float | None = None
    queue_proxy_waiting: float | None = None
    triton_ms: float | None = None
    triton_queue_ms: float | None = None
    triton_pending: float | None = None
    pods_started: float | None = None
    major_faults_per_second: float | None = None
    memory_share: float | None = None
    node_memory_share: float | None = None

    @property
    def pod_wait_ms(self) -> float:
        """How much longer a request through the activator took than in the pod; 0 when none went through it."""
        return max(0.0, (self.activator_ms or 0.0) - (self.queue_proxy_ms or 0.0))

    def parts_ms(self) -> dict[Part, float]:
        """The mean time of a request in parts; as many as two places that measure lie apart."""
        if self.entry_ms is None:
            return {}
        entry, triton = self.entry_ms, self.triton_ms
        activator = min(entry, self.pod_wait_ms * min(1.0, self.activator_share or 0.0))
        parts: dict[Part, float] = {}
        if self.queue_proxy_ms is not None:
            parts[Part.NETWORK] = max(0.0, entry - activator - self.queue_proxy_ms)
            parts[Part.ACTIVATOR] = activator
            if triton is not None:
                parts[Part.SIDECAR] = max(0.0, self.queue_proxy_ms - triton)
        elif triton is not None:
            parts[Part.OUTSIDE] = max(0.0, entry - triton)
        if triton is not None:
            queue = min(triton, self.triton_queue_ms or 0.0)
            parts |= {Part.QUEUE: queue, Part.COMPUTE: triton - queue}
        return parts

    def slowest_hop(self) -> tuple[Part | None, float]:
        """The hop that loses most time, and how many milliseconds."""
        hops = {part: spent for part, spent in self.parts_ms().items() if part in HOPS}
        return max(hops.items(), key=lambda item: item[1], default=(None, 0.0))


@dataclass(frozen=True)
class Verdict:
    """The reason, in words that somebody can act on."""

    cause: Cause
    sentence: str
    next_step: str
    hop: Part | None = None


def diagnose(now: Numbers, before: Numbers | None, objective_p99_ms: float) -> Verdict:
    """Name the reason why p99 is up, if it is.

    Args:
        now: the numbers of the last minutes.
        before: of a time when p99 was not up; None, or without requests, when there is none to compare with.
        objective_p99_ms: the endpoint's objective.
    """
    known = before if before is not None and before.entry_ms is not None else None
    if now.p99_ms is None or now.entry_ms is None:
        return Verdict(Cause.UNKNOWN, "No requests were counted, so there is no p99.", _NEXT_WITHOUT_REQUESTS)
    why_up = _why_up(now, now.p99_ms, known, objective_p99_ms)
    if why_up is None:
        sentence = f"p99 is {now.p99_ms:.0f} ms, the objective {objective_p99_ms:g} ms: it is not up."
        return Verdict(Cause.NONE, sentence, "Nothing to do.")
    started = (now.pods_started or 0) >= 1
    if started and now.pod_wait_ms >= COLD_START_MS and (now.activator_share or 0) >= COLD_SHARE:
        return _cold_start(now, why_up)
    faults, faults_before = now.major_faults_per_second or 0.0, (known and known.major_faults_per_second) or 0.0
    if faults >= max(FAULTS_PER_SECOND, UP_FACTOR * faults_before):
        return _memory_pressure(now, faults, why_up)
    return _by_parts(now, known, why_up)


def _why_up(now: Numbers, p99_ms: float, before: Numbers | None, objective_p99_ms: float) -> str | None:
    if p99_ms > objective_p99_ms:
        return f"p99 is {p99_ms:.0f} ms, above the objective of {objective_p99_ms:g} ms"
    usual, factor, words = (
        (before.p99_ms, UP_FACTOR, "before") if before is not None else (now.p50_ms, FAR_FROM_MEDIAN, "half of them")
    )
    if usual is not None and p99_ms >= factor * usual and p99_ms >= usual + SMALLEST_RISE_MS:
        return f"p99 is {p99_ms:.0f} ms ({words}: {usual:.0f} ms)"
    return None


def _cold_start(now: Numbers, why_up: str) -> Verdict:
    sentence = (
        f"{why_up}: {now.pods_started or 0:.0f} pod(s) started, and {min(1.0, now.activator_share or 0):.0%} of the "
        f"requests came through the activator, where they waited for it on average {now.pod_wait_ms:.0f} ms."
    )
    return Verdict(Cause.COLD_START, sentence, _NEXT[Cause.COLD_START])


def _memory_pressure(now: Numbers, faults: float, why_up: str) -> Verdict:
    share = f"; the fullest container uses {now.memory_share:.0%} of its limit" if now.memory_share is not None else ""
    sentence = f"{why_up}: {faults:.0f} memory pages a second had to be read back from disk or swap{share}."
    return Verdict(Cause.MEMORY_PRESSURE, sentence, _NEXT[Cause.MEMORY_PRESSURE])


def _by_parts(now: Numbers, before: Numbers | None, why_up: str) -> Verdict:
    parts = now.parts_ms()
    # Without a time before, computing is what a request is there for, and everything else is too much.
    usual: Mapping[Part, float] = before.parts_ms() if before else {Part.COMPUTE: parts.get(Part.COMPUTE, 0.0)}
    growth = {part: spent - usual.get(part, 0.0) for part, spent in parts.items()}
    part, most = max(growth.items(), key=lambda item: item[1], default=(Part.COMPUTE, 0.0))
    # Requests that wait together are computed together, so with a queue an execution takes longer too.
    explained = most + max(0.0, growth.get(Part.COMPUTE, 0.0)) if part is Part.QUEUE else most
    if most < SMALLEST_RISE_MS or explained < MAIN_SHARE * sum(max(0.0, value) for value in growth.values()):
        return Verdict(Cause.UNKNOWN, f"{why_up}, and no single part of the path explains it.", _NEXT[Cause.UNKNOWN])
    words = f"{why_up}: {parts[part]:.0f} ms of a mean of {now.entry_ms or 0:.0f} ms are spent {part}"
    if part is Part.COMPUTE:
        return Verdict(Cause.UNKNOWN, f"{words}: the model itself takes longer.", _NEXT_COMPUTE)
    # The activator is in the path of all requests of a small fleet: the mean of those that did not wait hides the wait.
    if part is Part.ACTIVATOR and (now.pods_started or 0) >= 1:
        return _cold_start(now, why_up)
    # Requests that wait in the activator while no pod starts, or in a queue-proxy, wait for a busy one.
    waiting = {Part.ACTIVATOR: now.activator_queued, Part.SIDECAR: now.queue_proxy_waiting}
    if part is Part.QUEUE or (waiting.get(part) or 0) >= 1:
        pending = f"; up to {now.triton_pending:.0f} were pending in Triton" if now.triton_pending else ""
        return Verdict(Cause.QUEUEING, f"{words}{pending}.", _NEXT[Cause.QUEUEING])
    return Verdict(Cause.SLOW_HOP, f"{words}, which Triton's own time does not explain.", _NEXT_HOP[part], part)


_NEXT = {
    Cause.QUEUEING: "More comes in than is computed: raise the maximum of replicas or the model's instances, or let it "
    "batch (dynamic_batching in config.pbtxt); then look whether wanted replicas become ready.",
    Cause.COLD_START: "Keep one replica (`replicas: {min: 1}` in the stack file) or a longer idle time; if the start "
    "itself became slower, look at the pod's events: image, weights, a node that had to come.",
    Cause.MEMORY_PRESSURE: "Give the endpoint more memory (`resources: {memory_mib: ..}` in the stack file) or fewer "
    "instances; if the node is full and not the pod, look at what else runs there.",
    Cause.UNKNOWN: "Look at the request path hop by hop, then at the endpoint's log (`python -m scripts logs NAME`).",
}
_NEXT_HOP = {
    Part.NETWORK: "The network between the gateway's pod and the activator's or the endpoint's: look at their nodes, "
    "at packets lost on the way, and at the CPU of both.",
    Part.ACTIVATOR: "The network between the activator's pod and the endpoint's: look at their nodes, at packets lost "
    "on the way, and at the CPU of activator and queue-proxy.",
    Part.SIDECAR: "The mux or Triton's front end in the pod: look at the CPU of its containers and at the size of "
    "requests.",
    Part.OUTSIDE: "The network between the gateway's pod and the endpoint's, or the mux in the pod: look at their "
    "nodes, at packets lost on the way, and at the CPU of both.",
}
_NEXT_COMPUTE = (
    "Longer texts, a new version of the model, or a CPU or accelerator that others use too: compare the time of an "
    "execution with its batch size, then look at the node."
)
_NEXT_WITHOUT_REQUESTS = "Right for an endpoint that nobody asks; else look at the gateway and at Prometheus' targets."
