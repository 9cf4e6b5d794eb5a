"""Replicas that go take no accepted request with them: scaled down, replaced, deleted, under load on both endpoints.

The load is answers of some length, several at once, so that there are always requests under way; every one of them must
be answered, and with what the model says. Each way to go is gone once: of several rounds the second never told more.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from scripts.model.client import infer_text
from tests.faults.scene import Scene
from tests.faults.traffic import PROMPTS, Traffic
from tests.live.conftest import eventually

pytestmark = pytest.mark.live

STEADY, SCALED = "gpt-handbook", "gpt"
NAMESPACE = "models"
PAUSE = "autoscaling.keda.sh/paused-replicas"
RESTART = "aigc/drained-at"
REVISION = {"group": "serving.knative.dev", "version": "v1", "plural": "revisions"}
FEWEST, MOST = "autoscaling.knative.dev/min-scale", "autoscaling.knative.dev/max-scale"
RPS, TOKENS = 5.0, 32
SECONDS = 90


@pytest.fixture(scope="module")
def scene(first_up: subprocess.CompletedProcess[str]) -> Scene:
    return Scene.connect()


@pytest.fixture(scope="module")
def traffic(scene: Scene) -> Iterator[Traffic]:
    with Traffic(scene.targets(), RPS, TOKENS) as load:
        yield load


@pytest.fixture(scope="module")
def held(scene: Scene) -> Iterator[Scene]:
    """The steady endpoint's number of replicas is ours and not its autoscaler's."""
    yield scene
    hold(scene, None)


def hold(scene: Scene, replicas: int | None) -> None:
    body = {"metadata": {"annotations": {PAUSE: None if replicas is None else str(replicas)}}}
    scene.workloads.custom.patch_namespaced_custom_object(
        "keda.sh", "v1alpha1", NAMESPACE, "scaledobjects", STEADY, body
    )


def pods(scene: Scene, endpoint: str) -> list[Any]:
    """Those on their way out, too."""
    selector = f"aigc/endpoint={endpoint}"
    return list(scene.workloads.core.list_namespaced_pod(NAMESPACE, label_selector=selector).items)


def scale(scene: Scene, replicas: int) -> None:
    hold(scene, replicas)
    eventually(
        lambda: len(pods(scene, STEADY)) == scene.workloads.ready_pods(STEADY) == replicas,
        SECONDS,
        f"{replicas} pods of {STEADY}, and no other that still ends",
    )


def replace(scene: Scene, mark: str | None) -> None:
    """A rolling update: another template, the same content."""
    before = {pod.metadata.name for pod in pods(scene, STEADY)}
    template = {"metadata": {"annotations": {RESTART: mark}}}
    scene.workloads.apps.patch_namespaced_deployment(STEADY, NAMESPACE, {"spec": {"template": template}})
    eventually(
        lambda: (
            not before & {pod.metadata.name for pod in pods(scene, STEADY)} and scene.workloads.ready_pods(STEADY) > 0
        ),
        SECONDS,
        f"{STEADY} is replaced",
    )


def nothing_lost(traffic: Traffic, mark: list[float]) -> None:
    after = traffic.mark()
    eventually(lambda: traffic.good_since(after) and traffic.settled(after), 30, "every request has ended")
    ended = [sample for sent in traffic.since(mark) for sample in sent]
    assert [sample.error for sample in ended if sample.error] == []
    assert len(ended) > RPS * len(traffic.streams), "there was hardly any load"


def test_going_to_zero_loses_nothing(scene: Scene) -> None:
    """Asked in the very moment in which its only pod is told to go; before any other load here, which would keep it."""
    target = next(target for target in scene.targets() if target.name == SCALED)
    known = target.known(TOKENS)

    def ask(prompt: str) -> str:
        return infer_text(target.gateway, target.name, prompt, TOKENS, target.protocol).text

    eventually(lambda: scene.workloads.ready_pods(SCALED) == 1, SECONDS, f"a pod of {SCALED}")
    before = {pod.metadata.name for pod in pods(scene, SCALED)}
    eventually(partial(is_sent_to_zero, scene), SECONDS, f"{SCALED} is told to go to zero", pause_seconds=0.02)
    with ThreadPoolExecutor(len(PROMPTS)) as users:
        assert dict(zip(PROMPTS, users.map(ask, PROMPTS), strict=True)) == known
    assert not before & {pod.metadata.name for pod in scene.workloads.endpoint_pods(SCALED)}, "it stayed"


def is_sent_to_zero(scene: Scene) -> bool:
    selector = f"aigc/endpoint={SCALED}"
    found = scene.workloads.apps.list_namespaced_deployment(NAMESPACE, label_selector=selector).items
    return all(deployment.spec.replicas == 0 for deployment in found)


def test_scaling_the_steady_endpoint_down_loses_nothing(held: Scene, traffic: Traffic) -> None:
    mark = traffic.mark()
    scale(held, 2)
    scale(held, 1)
    nothing_lost(traffic, mark)


def test_a_rolling_update_loses_nothing(held: Scene, traffic: Traffic) -> None:
    mark = traffic.mark()
    replace(held, "once")
    replace(held, None)
    nothing_lost(traffic, mark)


def test_a_pod_of_the_endpoint_that_scales_to_zero_goes_and_loses_nothing(scene: Scene, traffic: Traffic) -> None:
    mark = traffic.mark()
    gone = scene.workloads.endpoint_pods(SCALED)[0].metadata.name
    scene.workloads.core.delete_namespaced_pod(gone, NAMESPACE)
    eventually(partial(is_replaced, scene, gone), SECONDS, f"another pod of {SCALED} in the place of {gone}")
    nothing_lost(traffic, mark)


def test_one_of_two_replicas_of_the_endpoint_that_scales_to_zero_goes_and_loses_nothing(
    scene: Scene, traffic: Traffic
) -> None:
    revision = scene.workloads.endpoint_pods(SCALED)[0].metadata.labels["serving.knative.dev/revision"]
    stack_says = {name: read_revision(scene, revision)["metadata"]["annotations"][name] for name in (FEWEST, MOST)}
    mark = traffic.mark()
    try:
        annotate(scene, revision, {FEWEST: "2", MOST: "2"})
        eventually(lambda: scene.workloads.ready_pods(SCALED) == 2, SECONDS, f"a second pod of {SCALED}")
        answered = traffic.mark()
        eventually(lambda: traffic.good_since(answered, 2 * int(RPS)), SECONDS, "two seconds of answers of both")
    finally:
        annotate(scene, revision, stack_says)
    eventually(lambda: len(pods(scene, SCALED)) == 1, SECONDS, f"one pod of {SCALED}, and no other that still ends")
    nothing_lost(traffic, mark)


def read_revision(scene: Scene, name: str) -> dict[str, Any]:
    found: dict[str, Any] = scene.workloads.custom.get_namespaced_custom_object(
        namespace=NAMESPACE, name=name, **REVISION
    )
    return found


def annotate(scene: Scene, revision: str, annotations: dict[str, str]) -> None:
    body = {"metadata": {"annotations": annotations}}
    scene.workloads.custom.patch_namespaced_custom_object(namespace=NAMESPACE, name=revision, body=body, **REVISION)


def is_replaced(scene: Scene, gone: str) -> bool:
    names = {pod.metadata.name for pod in pods(scene, SCALED)}
    return gone not in names and scene.workloads.ready_pods(SCALED) == 1
