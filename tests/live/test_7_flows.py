"""Every connection that the running platform makes is one that its network policies allow, and no other pair's is.

The local CNI enforces no policy, so whatever a pod wants to do it does, and it is recorded: a flow that a policy
would have cut elsewhere shows here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from kubernetes.client import DiscoveryV1Api

from aigc.catalog.cache import KUBECONFIG
from aigc.foundation.flows import FLOWS, Pods
from aigc.foundation.flows import Flow as Declared
from aigc.plan.stack_plan import StackPlan
from scripts.engine.kube_client import KubeClient
from scripts.engine.kubeconfig import load_connection
from scripts.local.cluster import layout as at
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.network import Network
from scripts.local.cluster.started import read_started
from scripts.local.workloads import Workloads
from scripts.model.client import Generation, Protocol
from tests.flows.addresses import AddressBook, Flow, keeping_up
from tests.flows.connections import Connection, Recorder, recording
from tests.flows.evaluator import Peer, allowed, denied
from tests.flows.forbidden import FORBIDDEN, MADE_UP, ROLES
from tests.flows.planting import connect_from
from tests.live.conftest import asker, eventually

pytestmark = pytest.mark.live

EXPECTED: tuple[tuple[str, str, tuple[int, ...], str], ...] = (
    ("node", "gateway", (8080,), "TCP"),
    ("node", "gpt", (8012, 8013, 8022), "TCP"),
    ("node", "webhook", (8443,), "TCP"),
    ("gateway", "activator", (8012, 8013), "TCP"),
    ("gateway", "gpt-handbook", (8080,), "TCP"),
    ("gateway", "node", (16443,), "TCP"),
    ("controller", "node", (16443,), "TCP"),
    ("activator", "gpt", (8012, 8013), "TCP"),
    ("activator", "autoscaler", (8080,), "TCP"),
    ("autoscaler", "gpt", (9090,), "TCP"),
    ("prometheus", "gpt", (8002,), "TCP"),
    ("prometheus", "gpt", (9091,), "TCP"),
    ("prometheus", "gpt-handbook", (8002,), "TCP"),
    ("prometheus", "gateway", (9090,), "TCP"),
    ("prometheus", "activator", (9090,), "TCP"),
    ("prometheus", "operator", (8080,), "TCP"),
    ("prometheus", "alertmanager", (9093,), "TCP"),
    ("prometheus", "node", (53,), "UDP"),
    ("prometheus", "node", (10250,), "TCP"),
    ("prometheus", "node", (16460,), "TCP"),
)
"""What a cold start, requests and scrapes cannot do without, so that a deaf recorder fails: any one of the ports.

Not the gateway to a warm model: Knative keeps the activator in between while an endpoint has no room for a burst of
another 211 requests (its `target-burst-capacity`), which one replica of 16 never has.
"""
EXPECTED_SECONDS = 120.0
"""A dozen scrapes: a pod that came from zero is looked up and scraped every 10 s."""


@dataclass(frozen=True)
class Recorded:
    """What the platform did by itself, what was planted, and by what it is judged."""

    flows: list[Flow]
    planted: list[Flow]
    missing: list[str]
    policies: list[dict[str, Any]]
    book: AddressBook
    unknown: list[str]


@pytest.fixture(scope="module")
def recorded(first_up: subprocess.CompletedProcess[str], plan: StackPlan) -> Iterator[Recorded]:
    client = KubeClient(load_connection(KUBECONFIG, None))
    workloads = Workloads.connect_patiently(KUBECONFIG)
    started = read_started(Layout())
    conntrack = Network(started.bin_dir if started else None).find("conntrack")
    assert conntrack is not None and plan.cluster.pod_cidr is not None
    book = AddressBook(workloads.core, DiscoveryV1Api(workloads.core.api_client))
    api_server = (at.API_PORT.address, at.API_PORT.number)
    with keeping_up(book), recording(conntrack, plan.cluster.pod_cidr, book.nodes, api_server) as recorder:
        missing = exercise(recorder, book, workloads, plan)
        before = recorder.connections()
        planted = plant(workloads)
        eventually(lambda: set(planted) <= set(recorder.connections()), 10, f"the planted flows are seen: {planted}")
    seen = [meant for connection in recorder.connections() for meant in book.translated(connection)]
    yield Recorded(
        [book.flow(connection) for connection in seen if connection not in planted or connection in before],
        [book.flow(connection) for connection in planted],
        missing,
        client.list("networking.k8s.io/v1", "NetworkPolicy"),
        book,
        [str(c) for c in seen for a in (c.source, c.target) if recorder.is_pod(a) and not book.knows(a)],
    )
    client.close()


def exercise(recorder: Recorder, book: AddressBook, workloads: Workloads, plan: StackPlan) -> list[str]:
    """Scale to zero, a cold start, requests on both protocols to both endpoints, scrapes; what stays unseen."""
    ask, endpoint = asker(workloads, plan), next(e for e in plan.endpoints if e.name == "gpt")
    ask("The package ")
    eventually(lambda: not workloads.endpoint_pods("gpt"), endpoint.scaling.idle_seconds + 150, "gpt scales to zero")
    missing = list(EXPECTED)

    def all_seen() -> bool:
        try:
            request_everything(ask)
        finally:
            flows = [book.flow(connection) for connection in recorder.connections()]
            missing[:] = [wanted for wanted in EXPECTED if not any(is_expected(flow, wanted, book) for flow in flows)]
        return not missing

    # The test of the recording says what is missing and why; the others still judge what there is.
    try:
        eventually(all_seen, EXPECTED_SECONDS, "what the platform cannot do without is recorded")
    except pytest.fail.Exception as error:
        return [
            *(f"{source} -> {target}:{ports}/{protocol}" for source, target, ports, protocol in missing),
            str(error),
        ]
    return []


def request_everything(ask: Callable[..., Generation]) -> None:
    for model in ("gpt", "gpt_handbook"):
        for protocol in Protocol:
            ask("The package ", model=model, protocol=protocol, tokens=4)


def plant(workloads: Workloads) -> list[Connection]:
    """Connections between forbidden pairs, one of each kind that a recorder could be blind for."""
    source = workloads.endpoint_pods("gpt-handbook")[0]
    uid, own = source.metadata.uid, source.status.pod_ip
    monitoring = workloads.core.list_namespaced_pod("monitoring", label_selector="app.kubernetes.io/name=prometheus")
    prometheus = monitoring.items[0].status.pod_ip
    service = workloads.core.read_namespaced_service("activator-service", "knative-serving").spec.cluster_ip
    activators = workloads.core.list_namespaced_pod("knative-serving", label_selector="app=activator").items
    assert len(activators) == 1, "which one a Service's address becomes would be open"
    assert connect_from(uid, prometheus, 9090) == "connected", "nothing enforces the policies here"
    assert connect_from(uid, prometheus, 9099) == "refused"
    assert connect_from(uid, prometheus, 9099, "UDP") == "sent"
    assert connect_from(uid, service, 80) == "connected"
    return [
        Connection("TCP", own, prometheus, 9090),
        Connection("TCP", own, prometheus, 9099),
        Connection("UDP", own, prometheus, 9099),
        Connection("TCP", own, activators[0].status.pod_ip, 8012),
    ]


def is_role(peer: Peer, role: str, book: AddressBook) -> bool:
    wanted = ROLES[role]
    if not wanted.namespace:
        return role == "node" and peer.address in book.nodes
    return peer.namespace == wanted.namespace and wanted.labels.items() <= peer.labels.items()


def is_expected(flow: Flow, wanted: tuple[str, str, tuple[int, ...], str], book: AddressBook) -> bool:
    source, target, ports, protocol = wanted
    ends = is_role(flow.source, source, book) and is_role(flow.target, target, book)
    return ends and flow.port in ports and flow.protocol == protocol


def test_the_recording_has_what_the_platform_cannot_do_without(recorded: Recorded) -> None:
    assert recorded.missing == []


def test_every_recorded_address_is_known(recorded: Recorded) -> None:
    assert recorded.unknown == []


def test_every_flow_of_the_platform_is_allowed(recorded: Recorded) -> None:
    cut = {
        flow.words
        for flow in recorded.flows
        if not allowed(recorded.policies, flow.source, flow.target, flow.port, flow.protocol)
    }
    assert sorted(cut) == [], "a cluster that enforces the policies would cut these"


def test_planted_flows_between_forbidden_pairs_are_seen_and_denied(recorded: Recorded) -> None:
    assert len(recorded.planted) == 4
    for flow in recorded.planted:
        assert denied(recorded.policies, flow.source, flow.target, flow.port, flow.protocol), flow.words


@pytest.mark.parametrize(("source", "target", "port"), FORBIDDEN)
def test_forbidden_pairs_are_denied_with_the_labels_of_live_pods(
    source: str, target: str, port: int, recorded: Recorded
) -> None:
    for one in live_peers(source, recorded.book):
        for other in live_peers(target, recorded.book):
            assert denied(recorded.policies, one, other, port), f"{one} -> {other}"


def live_peers(role: str, book: AddressBook) -> list[Peer]:
    if role in MADE_UP:
        return [ROLES[role]]
    found = [peer for peer in book.pods() if is_role(peer, role, book)]
    assert found, f"no pod of the role {role} was there"
    return found


def test_declared_flows_that_were_not_seen_are_told(recorded: Recorded) -> None:
    """A report, no judgement: some need what does not happen every minute, such as a second replica."""
    unseen = [
        f"{of(declared.source)} -> {of(declared.target)}:{port}: {declared.why}"
        for declared in FLOWS
        for port in declared.ports
        if not any(covers(declared, port, flow) for flow in recorded.flows)
    ]
    print(f"{len(recorded.flows)} distinct flows; declared, but not seen:", *unseen, sep="\n  ")  # noqa: T201
    assert len(unseen) < sum(len(declared.ports) for declared in FLOWS)


def covers(declared: Declared, port: int, flow: Flow) -> bool:
    ends = ((declared.source, flow.source), (declared.target, flow.target))
    return flow.port == port and all(
        pods.namespace == peer.namespace and dict(pods.labels).items() <= peer.labels.items() for pods, peer in ends
    )


def of(pods: Pods) -> str:
    return "/".join([pods.namespace, *(value for _, value in pods.labels)])
