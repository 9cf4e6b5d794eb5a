"""Autoscaling annotations out of the plan."""

from __future__ import annotations

import pytest

from aigc.autoscaling.kpa import kpa_annotations
from aigc.plan.stack_plan import ServingMode
from tests.pure.program.plans import endpoint_plan, scaling_plan

PREFIX = "autoscaling.knative.dev"


@pytest.mark.parametrize(
    ("idle", "window", "retention"),
    [(0, 6, 0), (6, 6, 0), (30, 30, 0), (60, 60, 0), (90, 60, 30), (300, 60, 240)],
)
def test_idle_time_is_split_between_window_and_retention(idle: int, window: int, retention: int) -> None:
    annotations = kpa_annotations(endpoint_plan("gpt", ServingMode.KNATIVE, scaling=scaling_plan(idle_seconds=idle)))
    assert annotations[f"{PREFIX}/window"] == f"{window}s"
    assert annotations[f"{PREFIX}/scale-to-zero-pod-retention-period"] == f"{retention}s"


def test_the_plans_target_is_what_is_aimed_at() -> None:
    annotations = kpa_annotations(
        endpoint_plan("gpt", ServingMode.KNATIVE, scaling=scaling_plan(target_concurrency=12))
    )
    assert annotations[f"{PREFIX}/target"] == "12"
    assert annotations[f"{PREFIX}/target-utilization-percentage"] == "100"


def test_the_activator_stays_in_the_path_by_knatives_own_measure() -> None:
    # Without it the requests fail while the only pod is replaced, and are not held.
    assert f"{PREFIX}/target-burst-capacity" not in kpa_annotations(endpoint_plan("gpt", ServingMode.KNATIVE))


def test_bounds_and_the_first_number_are_the_plans() -> None:
    scaling = scaling_plan(min_replicas=1, max_replicas=7, initial_replicas=2, progress_deadline_seconds=1800)
    annotations = kpa_annotations(endpoint_plan("gpt", ServingMode.KNATIVE, scaling=scaling))
    assert [annotations[f"{PREFIX}/{name}-scale"] for name in ("min", "max", "initial")] == ["1", "7", "2"]
    assert annotations["serving.knative.dev/progress-deadline"] == "1800s"
