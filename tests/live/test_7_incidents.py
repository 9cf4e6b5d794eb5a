"""Four prepared incidents on the served stack: the verdict names each, by a number that is high in no other."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.observability.p99_diagnosis import COLD_START_MS, FAULTS_PER_SECOND, Cause, Numbers, Part, Verdict, diagnose
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from scripts.load.run_file import Run
from scripts.local.prometheus import Prometheus
from scripts.local.workloads import Workloads
from scripts.status_page.collect import read_numbers
from tests.browser.chromium import browser
from tests.browser.test_status_page import assert_sound
from tests.incidents.memory_pressure import memory_pressure
from tests.incidents.slow_hop import narrow_link
from tests.incidents.traffic import load
from tests.live.conftest import eventually, run, scripts_json

pytestmark = pytest.mark.live

WINDOW_SECONDS = 40
"""Four scrapes, the fewest that Grafana takes a rate of."""
LOAD_SECONDS = 52
"""A window, a scrape until its last number is there, and a moment at the start that is not yet the incident."""
TIMES_AS_HIGH = 5
"""A telling number in its own incident against the highest in the other three."""


@dataclass(frozen=True)
class Incident:
    """What came of one."""

    now: Numbers
    verdict: Verdict
    answers: Run

    @property
    def telling(self) -> dict[Cause, float]:
        """The number that tells of each cause."""
        hops = self.now.slowest_hop()[1] if not self.now.pods_started else 0.0
        return {
            Cause.QUEUEING: self.now.triton_queue_ms or 0.0,
            Cause.COLD_START: self.now.pod_wait_ms * (self.now.pods_started or 0.0),
            Cause.SLOW_HOP: hops,
            Cause.MEMORY_PRESSURE: self.now.major_faults_per_second or 0.0,
        }


class Stage:
    """The stack on which incidents are played."""

    def __init__(self, plan: StackPlan, workloads: Workloads) -> None:
        self.plan, self.workloads = plan, workloads
        self.prometheus = Prometheus.of(workloads)
        self.address = workloads.gateway_address()

    def endpoint(self, name: str) -> EndpointPlan:
        return next(endpoint for endpoint in self.plan.endpoints if endpoint.name == name)

    def address_of(self, namespace: str, selector: str) -> str:
        return str(self.workloads.core.list_namespaced_pod(namespace, label_selector=selector).items[0].status.pod_ip)

    def loaded(
        self,
        name: str,
        fault: AbstractContextManager[None],
        window_seconds: float,
        users: int | None = None,
        rps: float | None = None,
    ) -> tuple[Numbers, Run]:
        with fault:
            answers = load(self.endpoint(name), self.address, LOAD_SECONDS, users, rps)
            return read_numbers(self.plan, name, self.prometheus, window_seconds), answers

    def play(
        self,
        name: str,
        before: Numbers | None,
        fault: AbstractContextManager[None],
        window_seconds: float = WINDOW_SECONDS,
        *,
        users: int | None = None,
        rps: float | None = None,
    ) -> Incident:
        now, answers = self.loaded(name, fault, window_seconds, users, rps)
        return Incident(now, diagnose(now, before, self.endpoint(name).slo.p99_ms), answers)

    def narrow(self) -> AbstractContextManager[None]:
        gateway = self.address_of("gateway", "app.kubernetes.io/name=gateway")
        activator = self.address_of("knative-serving", "app=activator")
        return narrow_link(self.workloads.endpoint_pods("gpt")[0], [gateway, activator])


@pytest.fixture(scope="module")
def incidents(first_up: subprocess.CompletedProcess[str], plan: StackPlan) -> Iterator[dict[Cause, Incident]]:
    """All four, one after the other; while the first endpoint is loaded the second one becomes idle."""
    stage = Stage(plan, Workloads.connect_patiently(KUBECONFIG))
    one_user = partial(stage.loaded, users=1, fault=nullcontext(), window_seconds=WINDOW_SECONDS)
    handbook, _ = one_user("gpt-handbook")
    found = {Cause.QUEUEING: stage.play("gpt-handbook", handbook, nullcontext(), users=16)}
    idle_seconds = stage.endpoint("gpt").scaling.idle_seconds
    eventually(lambda: not stage.workloads.endpoint_pods("gpt"), idle_seconds + 150, "gpt scales to zero when idle")
    # The window reaches back to before the first request, as it must for a pod to have started in it. Few requests, as
    # they are where endpoints go to zero: among a thousand the one that waits is not p99.
    found[Cause.COLD_START] = stage.play("gpt", None, nullcontext(), LOAD_SECONDS + 10, rps=1)
    warm, _ = one_user("gpt")
    found[Cause.SLOW_HOP] = stage.play("gpt", warm, stage.narrow(), users=4)
    pod = stage.workloads.endpoint_pods("gpt")[0]
    try:
        found[Cause.MEMORY_PRESSURE] = stage.play("gpt", warm, memory_pressure(pod), users=1)
    finally:
        # Triton does not start again what the kernel killed for memory, and stays ready without it.
        stage.workloads.core.delete_namespaced_pod(pod.metadata.name, MODELS_NAMESPACE)
    yield found
    eventually(
        lambda: all(workload["ready"] for workload in scripts_json("status")["workloads"]),
        60,
        "every workload is ready after the incidents",
    )


CAUSES = [Cause.QUEUEING, Cause.COLD_START, Cause.SLOW_HOP, Cause.MEMORY_PRESSURE]


@pytest.mark.parametrize("cause", CAUSES)
def test_the_verdict_names_the_incident(cause: Cause, incidents: dict[Cause, Incident]) -> None:
    incident = incidents[cause]
    assert incident.verdict.cause is cause, f"{incident.verdict}\n{incident.now}"
    assert [sample.error for sample in incident.answers.samples if sample.error] == [], "slow, and not broken"


@pytest.mark.parametrize("cause", CAUSES)
def test_its_number_is_high_in_it_and_in_no_other(cause: Cause, incidents: dict[Cause, Incident]) -> None:
    numbers = {one: incident.telling[cause] for one, incident in incidents.items()}
    others = max(value for one, value in numbers.items() if one is not cause)
    assert numbers[cause] >= TIMES_AS_HIGH * others, numbers


def test_the_slow_hop_is_the_one_that_was_made_slow(incidents: dict[Cause, Incident]) -> None:
    assert incidents[Cause.SLOW_HOP].verdict.hop in (Part.NETWORK, Part.ACTIVATOR)


def test_the_numbers_pass_their_thresholds(incidents: dict[Cause, Incident]) -> None:
    assert incidents[Cause.MEMORY_PRESSURE].telling[Cause.MEMORY_PRESSURE] >= FAULTS_PER_SECOND
    cold = incidents[Cause.COLD_START].now
    assert cold.pods_started == 1 and (cold.p99_ms or 0) >= COLD_START_MS
    assert (incidents[Cause.QUEUEING].now.triton_pending or 0) >= 2


def test_the_page_tells_of_the_last_incident(incidents: dict[Cause, Incident], tmp_path: Path) -> None:
    path = tmp_path / "status.html"
    done = run([".venv/bin/python", "-m", "scripts", "status", "--html", str(path)])
    assert done.returncode in (0, 1), done.stdout + done.stderr  # the pod of the last incident may still be replaced
    with browser() as tab:
        assert_sound(tab, path)
        tab.open(path, 1280)
        headings = tab.evaluate("[...document.querySelectorAll('h2')].map(e => e.textContent)")
        assert {"Endpoint gpt", "Endpoint gpt-handbook", "Fleet"} <= set(headings)
        text = tab.evaluate("document.body.innerText")
        assert "No numbers" not in text
        assert "between the activator and the queue-proxy" in text
        assert tab.evaluate("document.querySelectorAll('polyline').length") > 20
