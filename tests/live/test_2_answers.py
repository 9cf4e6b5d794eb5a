"""What a user of the model sees: real, repeatable answers over both protocols, also from zero replicas."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aigc.plan.stack_plan import StackPlan
from scripts.local.request_path import trace_path
from scripts.local.workloads import Workloads
from scripts.model.client import Generation, Protocol
from tests.live.conftest import eventually

pytestmark = pytest.mark.live

Ask = Callable[..., Generation]


def test_two_prompts_give_different_answers(ask: Ask) -> None:
    first, second = ask("The package "), ask("You should never ")
    assert first.text.strip()
    assert second.text.strip()
    assert first.text != second.text


def test_http_and_grpc_agree(ask: Ask) -> None:
    assert ask("To install ", protocol=Protocol.HTTP).text == ask("To install ", protocol=Protocol.GRPC).text


def test_the_stream_is_the_answer_in_pieces(ask: Ask) -> None:
    pieces: list[str] = []
    streamed = ask("The kernel ", stream=pieces.append, tokens=24)
    assert len(pieces) > 1
    assert "".join(pieces) == streamed.text == ask("The kernel ", tokens=24).text


def test_the_handbook_configuration_gives_the_same_answer(ask: Ask) -> None:
    assert ask("The server ", model="gpt_handbook").text == ask("The server ").text


def test_from_zero_through_the_activator_to_one_replica(workloads: Workloads, plan: StackPlan, ask: Ask) -> None:
    endpoint = next(e for e in plan.endpoints if e.name == "gpt")
    eventually(
        lambda: not workloads.endpoint_pods("gpt"), endpoint.scaling.idle_seconds + 150, "gpt scales to zero when idle"
    )
    traced = trace_path(workloads, endpoint, lambda request_id: ask("The package ", request_id=request_id))
    assert [hop.name for hop in traced.hops] == ["gateway", "activator", "queue-proxy", "mux", "triton"]
    assert "gpt +1" in traced.hops[-1].evidence
    # The activator asks the pod itself; the pod's Ready condition comes to the API server a moment later.
    eventually(lambda: workloads.ready_pods("gpt") == 1, 30, "one replica is ready")
