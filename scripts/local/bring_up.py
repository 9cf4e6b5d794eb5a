"""`up local` from end to end: cluster, images, objects, and a first real answer from the model."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.faults import UserError
from aigc.config.stacks import MODEL_REPOSITORY, PROJECT_ROOT
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan
from aigc.plan.validation import plan_of
from scripts.engine.api import ApplyReport, apply_stack
from scripts.local.cluster_api import PAUSE, ClusterInfo, cluster_up, leave_mark, pause_image
from scripts.local.request_path import Hop, TracedRequest, trace_path
from scripts.local.stale_pods import restart_stale
from scripts.local.supply.api import ensure_host_tools, ensure_images, ensure_manifests, import_images
from scripts.local.workloads import Workloads
from scripts.model.client import GatewayEndpoint, Generation, Protocol, infer_text
from scripts.progress import Outcome, Progress, Step
from scripts.stacks import LOCAL_STACK

FIRST_PROMPTS = ("The system administrator ", "In order to install ")
WARM_REQUESTS = 5
PROMPT_TOKENS_OUT = 48
FIRST_ANSWER_SECONDS = 60
TO_ZERO_MARGIN_SECONDS = 30
"""The autoscaler looks every 2 s, and the activator must be in the path before the last replica may go."""


@dataclass(frozen=True)
class FirstAnswer:
    """What the model said when first asked, and how long it took."""

    prompt: str
    text: str
    path: tuple[Hop, ...]
    cold_start_seconds: float | None
    """Seconds of the request that found zero replicas; None when a replica was already there."""
    warm_ms: float
    """Median milliseconds of the warm requests, each of `PROMPT_TOKENS_OUT` tokens."""
    protocols_agree: bool
    prompts_differ: bool


@dataclass(frozen=True)
class UpReport:
    """All that `up` tells at its end."""

    steps: tuple[Step, ...]
    applied: ApplyReport
    answer: FirstAnswer
    seconds: float


def bring_up(progress: Progress, adopt: bool = False) -> UpReport:
    """Bring the local stack up, idempotently, and ask it.

    Raises:
        UserError: the stack file or the host cannot be used; nothing was built or applied then.
    """
    started = time.monotonic()
    plan = plan_of(LOCAL_STACK)
    cluster = cluster_up(progress)
    with progress.step("platform manifests") as step:
        step.detail = f"{len(ensure_manifests(progress))} components"
    load_images(plan, cluster, progress)
    with progress.step("stack objects") as step:
        applied = apply_stack(LOCAL_STACK, PROJECT_ROOT, KUBECONFIG, None, progress, adopt=adopt)
        step.detail = f"{applied.created} created, {applied.changed} changed, {applied.pruned} pruned"
        if applied.nothing_changed:
            step.outcome = Outcome.UNCHANGED
    leave_mark(progress)
    answer = ask_first(plan, progress, new=not applied.nothing_changed)
    return UpReport(tuple(progress.steps), applied, answer, time.monotonic() - started)


def build(progress: Progress) -> None:
    """Have everything in the cache that `bring_up` would build, and start nothing.

    Raises:
        UserError: the stack file cannot be used, or something cannot be built.
    """
    plan = plan_of(LOCAL_STACK)
    ensure_host_tools(progress)
    ensure_manifests(progress)
    ensure_images({PAUSE: pause_image()} | plan.images, plan.endpoints, MODEL_REPOSITORY, progress)


def load_images(plan: StackPlan, cluster: ClusterInfo, progress: Progress) -> None:
    """Build what the plan's pods run and put it where the kubelet finds it; applying waits for pods made anew."""
    archives = ensure_images(plan.images, plan.endpoints, MODEL_REPOSITORY, progress)
    import_images(archives, cluster.ctr, cluster.containerd_socket, progress)
    restart_stale(Workloads.connect_patiently(KUBECONFIG), archives, progress)


def patiently(ask: Callable[[], TracedRequest]) -> tuple[TracedRequest, bool]:
    """The first answer, and whether it was asked for more than once: the gateway may learn of a new pod a little late.

    Raises:
        UserError: there was none within a minute.
    """
    give_up = time.monotonic() + FIRST_ANSWER_SECONDS
    asked_again = False
    while True:
        try:
            return ask(), asked_again
        except UserError:
            if time.monotonic() > give_up:
                raise
        asked_again = True
        time.sleep(1)


def wait_until_zero(workloads: Workloads, endpoint: EndpointPlan, progress: Progress) -> None:
    """Wait for the last replica to go, no longer than it may take: a busy endpoint keeps it, and that is fine too."""
    with progress.step(f"{endpoint.name} to zero replicas") as step:
        give_up = time.monotonic() + endpoint.scaling.idle_seconds + TO_ZERO_MARGIN_SECONDS
        while workloads.endpoint_pods(endpoint.name) and time.monotonic() < give_up:
            time.sleep(0.5)
        step.detail = "a replica stays" if workloads.endpoint_pods(endpoint.name) else ""


def ask_first(plan: StackPlan, progress: Progress, new: bool) -> FirstAnswer:
    """Ask the first scale-to-zero endpoint of the plan: cold if it is at zero, then warm, over both protocols.

    A new version has had one replica to prove itself: its going is awaited, so that the first answer shows the way
    from zero.
    """
    endpoint = next((e for e in plan.endpoints if e.mode is ServingMode.KNATIVE), plan.endpoints[0])
    workloads = Workloads.connect_patiently(KUBECONFIG)
    gateway = GatewayEndpoint(host=endpoint.host, address=workloads.gateway_address())

    def ask(prompt: str, protocol: Protocol, request_id: str | None = None) -> Generation:
        return infer_text(gateway, endpoint.models[0], prompt, PROMPT_TOKENS_OUT, protocol, request_id=request_id)

    if new and endpoint.scaling.min_replicas == 0:
        wait_until_zero(workloads, endpoint, progress)
    cold_seconds: float | None = None
    with progress.step(f"first answer of {endpoint.name}") as step:
        at_zero = workloads.ready_pods(endpoint.name) == 0
        first = partial(ask, FIRST_PROMPTS[0], Protocol.GRPC)
        path, asked_again = patiently(lambda: trace_path(workloads, endpoint, lambda it: first(request_id=it)))
        if at_zero and not asked_again:
            cold_seconds = path.generation.seconds
            step.detail = "from zero replicas"
    with progress.step("warm answers"):
        by_http = ask(FIRST_PROMPTS[0], Protocol.HTTP)
        other = ask(FIRST_PROMPTS[1], Protocol.GRPC)
        warm = [ask(FIRST_PROMPTS[0], Protocol.GRPC).seconds for _ in range(WARM_REQUESTS)]
    return FirstAnswer(
        prompt=FIRST_PROMPTS[0],
        text=path.generation.text,
        path=path.hops,
        cold_start_seconds=cold_seconds,
        warm_ms=statistics.median(warm) * 1000,
        protocols_agree=by_http.text == path.generation.text,
        prompts_differ=other.text != path.generation.text,
    )
