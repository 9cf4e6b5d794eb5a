"""The verdict on prepared numbers, and what holds for any numbers."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc.observability.p99_diagnosis import (
    COLD_START_MS,
    FAULTS_PER_SECOND,
    HOPS,
    UP_FACTOR,
    Cause,
    Numbers,
    Part,
    diagnose,
)
from aigc.observability.p99_numbers import p99_queries
from tests.pure.program.plans import gcp_plan, local_plan

OBJECTIVE_MS = 5000.0
CALM = Numbers(
    requests_per_second=8.0,
    p50_ms=97.0,
    p99_ms=231.0,
    entry_ms=113.0,
    activator_ms=113.0,
    activator_share=1.0,
    activator_queued=0.0,
    queue_proxy_ms=110.0,
    triton_ms=106.0,
    triton_queue_ms=2.0,
    triton_pending=0.0,
    pods_started=0.0,
    major_faults_per_second=0.0,
    memory_share=0.2,
    node_memory_share=0.1,
)
STEADY = replace(CALM, activator_ms=None, activator_share=None, activator_queued=None, queue_proxy_ms=None)
QUEUE = replace(STEADY, p50_ms=1900.0, p99_ms=2900.0, entry_ms=2000.0, triton_ms=1990.0, triton_queue_ms=1780.0)
COLD = replace(CALM, p99_ms=5900.0, entry_ms=900.0, activator_ms=2300.0, activator_share=0.35, pods_started=1.0)
HOP = replace(CALM, p50_ms=1100.0, p99_ms=1800.0, entry_ms=1200.0, activator_ms=1198.0)
SPREAD = replace(
    CALM, p50_ms=72.0, p99_ms=5310.0, entry_ms=190.0, activator_ms=174.0, activator_share=0.96, queue_proxy_ms=66.0,
    triton_ms=60.0, pods_started=1.0,
)  # fmt: skip
"""Seen: one of 53 requests waited for the pod, and the activator passed all of them on."""
THRASH = replace(STEADY, p99_ms=2400.0, entry_ms=900.0, triton_ms=890.0, major_faults_per_second=2500.0)


@pytest.mark.parametrize(
    ("now", "before", "cause", "hop"),
    [
        (CALM, CALM, Cause.NONE, None),
        (QUEUE, STEADY, Cause.QUEUEING, None),
        (COLD, CALM, Cause.COLD_START, None),
        (COLD, None, Cause.COLD_START, None),
        (SPREAD, None, Cause.COLD_START, None),
        (SPREAD, CALM, Cause.COLD_START, None),
        (replace(SPREAD, pods_started=0.0), None, Cause.SLOW_HOP, Part.ACTIVATOR),
        (HOP, CALM, Cause.SLOW_HOP, Part.ACTIVATOR),
        (replace(HOP, activator_ms=112.0), CALM, Cause.SLOW_HOP, Part.NETWORK),
        (replace(HOP, queue_proxy_ms=1195.0), CALM, Cause.SLOW_HOP, Part.SIDECAR),
        (replace(STEADY, p99_ms=1800.0, entry_ms=1200.0), STEADY, Cause.SLOW_HOP, Part.OUTSIDE),
        (THRASH, STEADY, Cause.MEMORY_PRESSURE, None),
    ],
)
def test_each_incident_is_named(now: Numbers, before: Numbers | None, cause: Cause, hop: Part | None) -> None:
    verdict = diagnose(now, before, OBJECTIVE_MS)
    assert (verdict.cause, verdict.hop) == (cause, hop)
    assert f"{now.p99_ms:.0f} ms" in verdict.sentence and verdict.next_step


def test_the_telling_number_is_in_the_sentence() -> None:
    assert "1780 ms" in diagnose(QUEUE, STEADY, OBJECTIVE_MS).sentence
    assert "2190 ms" in diagnose(COLD, CALM, OBJECTIVE_MS).sentence
    assert "1088 ms" in diagnose(HOP, CALM, OBJECTIVE_MS).sentence
    assert "2500 memory pages" in diagnose(THRASH, STEADY, OBJECTIVE_MS).sentence


def test_requests_that_wait_for_a_busy_pod_are_a_queue_wherever_they_wait() -> None:
    assert diagnose(replace(HOP, activator_queued=5.0), CALM, OBJECTIVE_MS).cause is Cause.QUEUEING
    behind = replace(HOP, queue_proxy_ms=1195.0, queue_proxy_waiting=5.0)
    assert diagnose(behind, CALM, OBJECTIVE_MS).cause is Cause.QUEUEING


def test_a_pod_that_started_while_nobody_waited_is_no_cold_start() -> None:
    assert diagnose(replace(HOP, pods_started=1.0, activator_ms=112.0), CALM, OBJECTIVE_MS).cause is Cause.SLOW_HOP
    few = replace(COLD, activator_share=0.001, entry_ms=120.0)
    assert diagnose(few, CALM, OBJECTIVE_MS).cause is not Cause.COLD_START


def test_faults_that_were_there_before_are_no_reason() -> None:
    busy = replace(STEADY, major_faults_per_second=2400.0)
    assert diagnose(THRASH, busy, OBJECTIVE_MS).cause is not Cause.MEMORY_PRESSURE


def test_computing_that_takes_longer_is_said_to_be_that() -> None:
    slow = replace(STEADY, p99_ms=900.0, entry_ms=607.0, triton_ms=600.0)
    verdict = diagnose(slow, STEADY, OBJECTIVE_MS)
    assert verdict.cause is Cause.UNKNOWN and "the model itself takes longer" in verdict.sentence


def test_two_parts_that_grew_alike_are_not_one_reason() -> None:
    both = replace(CALM, p99_ms=900.0, entry_ms=613.0, activator_ms=413.0, queue_proxy_ms=263.0, triton_ms=109.0)
    verdict = diagnose(both, CALM, OBJECTIVE_MS)
    assert verdict.cause is Cause.UNKNOWN and "no single part" in verdict.sentence


def test_batches_that_grew_with_the_queue_are_the_queue() -> None:
    calm = replace(STEADY, p50_ms=50.0, p99_ms=102.0, entry_ms=35.0, triton_ms=24.0, triton_queue_ms=3.0)
    # Seen with 16 clients on a busy machine: the queue alone was 44% of all growth, its larger batches another 18%.
    busy = replace(calm, p50_ms=345.0, p99_ms=781.0, entry_ms=366.0, triton_ms=236.0, triton_queue_ms=153.0)
    assert diagnose(busy, calm, OBJECTIVE_MS).cause is Cause.QUEUEING
    assert diagnose(replace(busy, triton_queue_ms=60.0), calm, OBJECTIVE_MS).cause is not Cause.QUEUEING


def test_without_requests_nothing_is_known() -> None:
    assert diagnose(Numbers(), CALM, OBJECTIVE_MS).cause is Cause.UNKNOWN
    assert "No requests" in diagnose(replace(CALM, p99_ms=None), None, OBJECTIVE_MS).sentence


def test_the_objective_counts_even_when_it_was_always_so() -> None:
    assert diagnose(QUEUE, QUEUE, 1000.0).cause is not Cause.NONE
    assert diagnose(QUEUE, QUEUE, OBJECTIVE_MS).cause is Cause.NONE


NUMBER = st.none() | st.floats(0, 1e6)
NUMBERS = st.builds(Numbers, **{field.name: NUMBER for field in dataclasses.fields(Numbers)})


@given(NUMBERS)
def test_parts_do_not_overlap(numbers: Numbers) -> None:
    parts = numbers.parts_ms()
    assert all(spent >= 0 for spent in parts.values())
    assert not ({Part.OUTSIDE} & set(parts) and {Part.NETWORK, Part.SIDECAR} & set(parts))
    entry, proxy, triton = numbers.entry_ms, numbers.queue_proxy_ms, numbers.triton_ms
    if entry is not None and triton is not None and triton <= (proxy if proxy is not None else triton) <= entry:
        # As hops lie inside each other the parts are the whole, but for what is lost when means are of other requests.
        total = sum(parts.values())
        inner = proxy if proxy is not None else triton
        assert total == pytest.approx(max(entry, inner + parts.get(Part.ACTIVATOR, 0.0)), rel=1e-6, abs=1e-6)


@given(NUMBERS, st.none() | NUMBERS, st.floats(1, 1e6))
def test_any_numbers_have_a_verdict_in_words(now: Numbers, before: Numbers | None, objective: float) -> None:
    verdict = diagnose(now, before, objective)
    assert verdict.sentence.endswith(".") and verdict.next_step.endswith(".")
    assert (verdict.hop in HOPS) is (verdict.cause is Cause.SLOW_HOP)
    if verdict.cause not in (Cause.NONE, Cause.UNKNOWN):
        assert now.p99_ms is not None and now.entry_ms is not None
    if verdict.cause is Cause.COLD_START:
        assert now.pod_wait_ms >= COLD_START_MS and (now.pods_started or 0) >= 1
    if verdict.cause is Cause.MEMORY_PRESSURE:
        assert (now.major_faults_per_second or 0) >= FAULTS_PER_SECOND


@given(st.sampled_from([CALM, STEADY, QUEUE, COLD, HOP, THRASH]), st.floats(0.1, UP_FACTOR * 0.99))
def test_p99_that_did_not_double_and_keeps_its_objective_is_not_up(numbers: Numbers, factor: float) -> None:
    assert numbers.p99_ms is not None
    now = replace(numbers, p99_ms=numbers.p99_ms * factor)
    assert diagnose(now, numbers, 1e9).cause is Cause.NONE


@given(st.floats(1.2, 100))
def test_a_longer_queue_never_hides_the_queue(factor: float) -> None:
    longer = (QUEUE.triton_queue_ms or 0) * factor
    now = replace(QUEUE, p99_ms=9000.0, entry_ms=longer + 220, triton_ms=longer + 210, triton_queue_ms=longer)
    assert diagnose(now, STEADY, OBJECTIVE_MS).cause is Cause.QUEUEING


@pytest.mark.parametrize("plan", [local_plan(), gcp_plan()], ids=["local", "gcp"])
def test_every_query_fills_a_field_and_every_field_can_be_filled(plan: object) -> None:
    fields = {field.name for field in dataclasses.fields(Numbers)}
    found = set(p99_queries(plan))  # type: ignore[arg-type] # parametrize knows no types
    assert found <= fields
    # Where no endpoint has a concurrency limit, no queue-proxy has a queue.
    assert fields - found <= {"queue_proxy_waiting"}
