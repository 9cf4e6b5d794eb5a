"""Replicas over time while load comes, metrics vanish, load goes, and metrics come back: one scenario, sampled.

The steady endpoint is scaled by KEDA and the HorizontalPodAutoscaler, the other one by Knative to and from zero.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from kubernetes import client
from urllib3.exceptions import HTTPError

from aigc.autoscaling.keda import in_flight_query, pending_query
from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.labels import MODELS_NAMESPACE, MONITORING_NAMESPACE
from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.stack_plan import Autoscaler, EndpointPlan, ServingMode
from aigc.plan.validation import plan_of
from scripts.local.prometheus import Prometheus, UnansweredError
from scripts.local.workloads import Workloads
from scripts.stacks import LOCAL_STACK

T = TypeVar("T")
SAMPLE_SECONDS = 1.0
CONCURRENCY = 8
"""Four times what one replica of the steady endpoint works on at once."""
ENOUGH_SECONDS = 150
"""For the second replica to come or go: a scrape, three polls, a look each 15 s, the start or the idle time."""
PROMETHEUS = {"group": "monitoring.coreos.com", "version": "v1", "plural": "prometheuses"}
SCALED_OBJECT = {"group": "keda.sh", "version": "v1alpha1", "plural": "scaledobjects"}
POD_AUTOSCALER = {"group": "autoscaling.internal.knative.dev", "version": "v1alpha1", "plural": "podautoscalers"}


@dataclass(frozen=True)
class Point:
    """One look; None where nobody answered."""

    seconds: float
    steady_wanted: int | None
    steady_ready: int
    knative_wanted: int | None
    knative_ready: int
    waiting: float | None
    in_flight: float | None
    held: bool | None
    """Whether KEDA says that it falls back."""


@dataclass
class Curve:
    """What was seen, and when each phase began."""

    points: list[Point] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)

    def between(self, first: str, then: str | None = None) -> list[Point]:
        """The points of one phase."""
        end = self.phases[then] if then else float("inf")
        return [point for point in self.points if self.phases[first] <= point.seconds < end]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        phases = {name: round(at, 1) for name, at in self.phases.items()}
        return {"phases_began_at_seconds": phases, "points": [asdict(point) for point in self.points]}


class Observer:
    """Looks at the cluster once a second, in a thread of its own."""

    def __init__(self, workloads: Workloads) -> None:
        endpoints = plan_of(LOCAL_STACK).endpoints
        self.steady = next(one for one in endpoints if one.scaling.autoscaler is Autoscaler.KEDA)
        self.knative = next(one for one in endpoints if one.mode is ServingMode.KNATIVE)
        self.workloads = workloads
        self.curve = Curve()
        self._autoscaling = client.AutoscalingV2Api(workloads.core.api_client)
        self._started = time.monotonic()

    def now(self) -> float:
        """Seconds since the scenario began."""
        return time.monotonic() - self._started

    def phase(self, name: str) -> None:
        """Note that one begins."""
        self.curve.phases[name] = self.now()

    def look(self) -> Point:
        """One look at everything."""
        at = round(self.now(), 2)
        return Point(
            seconds=at,
            steady_wanted=_quiet(self._steady_wanted),
            steady_ready=self.workloads.ready_pods(self.steady.name),
            knative_wanted=_quiet(self._knative_wanted),
            knative_ready=self.workloads.ready_pods(self.knative.name),
            waiting=_quiet(lambda: self._asked(pending_query(self.steady))),
            in_flight=_quiet(lambda: self._asked(in_flight_query(self.steady))),
            held=_quiet(self.held),
        )

    def _steady_wanted(self) -> int:
        name = f"keda-hpa-{self.steady.name}"
        found = self._autoscaling.read_namespaced_horizontal_pod_autoscaler_status(name, MODELS_NAMESPACE)
        return int(found.status.desired_replicas)

    def _knative_wanted(self) -> int:
        listed = self.workloads.custom.list_namespaced_custom_object(namespace=MODELS_NAMESPACE, **POD_AUTOSCALER)
        ours = [item for item in listed["items"] if item["metadata"]["name"].startswith(f"{self.knative.name}-0")]
        return max(int(item.get("status", {}).get("desiredScale", 0)) for item in ours)

    def _asked(self, query: str) -> float:
        value = Prometheus.of(self.workloads).value(query)
        if value is None:
            raise LookupError(query)
        return round(value, 3)

    def held(self) -> bool:
        """Whether KEDA's fallback is on."""
        found = self.workloads.custom.get_namespaced_custom_object(
            namespace=MODELS_NAMESPACE, name=self.steady.name, **SCALED_OBJECT
        )
        conditions = {one["type"]: one["status"] for one in found.get("status", {}).get("conditions", [])}
        return conditions.get("Fallback") == "True"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Sample while this lasts."""
        stop = threading.Event()

        def loop() -> None:
            while not stop.wait(SAMPLE_SECONDS):
                self.curve.points.append(self.look())
            self.curve.points.append(self.look())  # how it ended

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def until(self, question: Callable[[], bool], seconds: float, what: str) -> float:
        """Seconds until it was so.

        Raises:
            TimeoutError: it never was; says what was seen last.
        """
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if question():
                return time.monotonic() - began
            time.sleep(SAMPLE_SECONDS)
        raise TimeoutError(f"{what}: not within {seconds} s; last seen {self.curve.points[-1:]}")


def _quiet(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (UnansweredError, client.ApiException, HTTPError, LookupError):
        return None


def set_prometheus(workloads: Workloads, replicas: int) -> None:
    """Take Prometheus away, or bring it back."""
    workloads.custom.patch_namespaced_custom_object(
        namespace=MONITORING_NAMESPACE, name="prometheus", body={"spec": {"replicas": replicas}}, **PROMETHEUS
    )


@contextmanager
def load(endpoint: EndpointPlan, concurrency: int = CONCURRENCY) -> Iterator[None]:
    """Requests to an endpoint while this lasts."""
    command = [sys.executable, "-m", "scripts", "load", endpoint.models[0], "--concurrency", str(concurrency)]
    process = subprocess.Popen(
        [*command, "--seconds", "600"], cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def play(observer: Observer, ask_knative: Callable[[], object], hold_seconds: float) -> Curve:
    """The scenario; ends with one replica, and with Prometheus there, whatever happens in between.

    Raises:
        TimeoutError: a phase did not get where it should.
    """
    workloads, steady = observer.workloads, observer.steady

    def ready() -> int:
        return workloads.ready_pods(steady.name)

    with observer.watching():
        observer.phase("quiet")
        observer.until(lambda: ready() == steady.scaling.min_replicas, ENOUGH_SECONDS, "the fewest replicas")
        time.sleep(5)
        observer.phase("load comes")
        try:
            with load(steady):
                ask_knative()
                observer.until(lambda: ready() == steady.scaling.max_replicas, ENOUGH_SECONDS, "the second replica")
                observer.phase("metrics vanish")
                set_prometheus(workloads, 0)
                observer.until(observer.held, ENOUGH_SECONDS, "KEDA's fallback")
            observer.phase("load goes, no metrics")
            time.sleep(hold_seconds)
        finally:
            observer.phase("metrics come back")
            set_prometheus(workloads, 1)
        observer.until(lambda: ready() == steady.scaling.min_replicas, 2 * ENOUGH_SECONDS, "the first replica alone")
        observer.phase("end")
    return observer.curve


def connect() -> Observer:
    """An observer of the local cluster."""
    return Observer(Workloads.connect_patiently(KUBECONFIG))
