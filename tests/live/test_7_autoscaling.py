"""Replicas follow the requests that wait, stay when the numbers vanish, and go when they are back and small."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from scripts.model.client import Generation
from tests.bench.replica_curve import Observer, connect, play

pytestmark = pytest.mark.live

HOLD_SECONDS = 75
"""Longer than the steady endpoint's idle time (30 s) and the minute in which one replica may go."""


@pytest.fixture(scope="module")
def observer(first_up: subprocess.CompletedProcess[str]) -> Observer:
    return connect()


def test_replicas_come_stay_without_numbers_and_go(observer: Observer, ask: Callable[..., Generation]) -> None:
    curve = play(observer, lambda: ask("The package "), HOLD_SECONDS)
    low, high = observer.steady.scaling.min_replicas, observer.steady.scaling.max_replicas
    assert {point.steady_ready for point in curve.between("quiet", "load comes")} >= {low}
    loaded = curve.between("load comes", "metrics vanish")
    target = observer.steady.scaling.target_concurrency
    # Either is a reason: what waits is a jump, what is in flight a mean over a minute that may come too late to be one.
    reasons = [max(point.waiting or 0, point.in_flight or 0) for point in loaded]
    assert max(reasons) > target, "the load was no reason for a second replica"
    assert loaded[-1].steady_wanted == high

    blind = curve.between("load goes, no metrics", "metrics come back")
    assert len(blind) > HOLD_SECONDS / 3
    assert {point.steady_wanted for point in blind} == {high}, "without numbers the autoscaler took a replica away"
    assert {point.steady_ready for point in blind} == {high}
    assert all(point.held for point in blind)
    assert {point.waiting for point in blind} == {None}, "Prometheus was there all the time"

    assert curve.between("metrics come back")[-1].steady_ready == low
    seen = [point.knative_ready for point in curve.points]
    assert max(seen) == 1, "asked once, the other endpoint came"
    assert seen[-1] == 0, "75 s after its one request it should be at zero"
