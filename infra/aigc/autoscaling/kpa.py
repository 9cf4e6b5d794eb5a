"""Annotations of Knative's pod autoscaler out of the plan.

The arithmetic that bites: the autoscaler aims at `target` times a utilisation of 70% unless told otherwise, so the
plan's number would silently mean less; and a pod stays for the stable window *and then* the retention period, so an
idle time is split between the two.

Knative keeps the activator in the path of warm requests until the ready pods could take a burst of 211 more at once,
which small fleets never can. That default stays: the hop costs 2 ms, and when the only pod dies the activator holds the
requests until there is another; without it all of them failed until then (seen for 70 s after a restart of the node).
"""

from __future__ import annotations

from aigc.plan.stack_plan import EndpointPlan, ScalingPlan

_PREFIX = "autoscaling.knative.dev"
_SHORTEST_WINDOW_SECONDS = 6
"""Knative refuses a shorter one."""
_LONGEST_WINDOW_SECONDS = 60
"""Knative's own default: a longer one would make scaling down sluggish just to keep the last pod."""


def kpa_annotations(endpoint: EndpointPlan) -> dict[str, str]:
    """Annotations of a revision's template: when it gets replicas, how many, and when the last one goes."""
    scaling = endpoint.scaling
    window = window_seconds(scaling)
    return {
        f"{_PREFIX}/class": f"kpa.{_PREFIX}",
        f"{_PREFIX}/metric": "concurrency",
        f"{_PREFIX}/target": str(scaling.target_concurrency),
        f"{_PREFIX}/target-utilization-percentage": "100",
        f"{_PREFIX}/min-scale": str(scaling.min_replicas),
        f"{_PREFIX}/max-scale": str(scaling.max_replicas),
        f"{_PREFIX}/initial-scale": str(scaling.initial_replicas),
        f"{_PREFIX}/window": f"{window}s",
        f"{_PREFIX}/scale-to-zero-pod-retention-period": f"{max(0, scaling.idle_seconds - window)}s",
        "serving.knative.dev/progress-deadline": f"{scaling.progress_deadline_seconds}s",
    }


def window_seconds(scaling: ScalingPlan) -> int:
    """The stable window: the idle time itself while Knative allows it, never longer than its default."""
    return min(max(scaling.idle_seconds, _SHORTEST_WINDOW_SECONDS), _LONGEST_WINDOW_SECONDS)
