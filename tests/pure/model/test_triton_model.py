"""model.py under a stand-in for Triton's Python module: which request gets which answer, and who hears of a fault."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.pure.model.conftest import REPOSITORY, Array, Core, load

FINAL = 1


@dataclass
class Tensor:
    label: str
    value: Array

    def name(self) -> str:
        return self.label

    def as_numpy(self) -> Array:
        return self.value


@dataclass
class TritonError:
    text: str
    code: int = 0
    INVALID_ARG = 3
    CANCELLED = 9
    INTERNAL = 1

    def message(self) -> str:
        return self.text


@dataclass
class Response:
    output_tensors: list[Tensor] = field(default_factory=list)
    error: TritonError | None = None

    @property
    def tokens(self) -> list[int]:
        return [int(token) for token in self.output_tensors[0].value.reshape(-1)]


@dataclass
class Sender:
    sent: list[tuple[Response | None, int]] = field(default_factory=list)

    def send(self, response: Response | None = None, flags: int = 0) -> None:
        self.sent.append((response, flags))


@dataclass
class Request:
    prompts: list[list[int]]
    max_tokens: int | None = 8
    cancelled: bool = False
    sender: Sender = field(default_factory=Sender)

    def is_cancelled(self) -> bool:
        return self.cancelled

    def get_response_sender(self) -> Sender:
        return self.sender

    def tensor(self, name: str) -> Tensor | None:
        if name == "INPUT__0":
            return Tensor(name, np.array(self.prompts, np.int32))
        return (
            None
            if self.max_tokens is None
            else Tensor(name, np.full((len(self.prompts), 1), self.max_tokens, np.int32))
        )


class ModelError(Exception):
    pass


@pytest.fixture
def triton(monkeypatch: pytest.MonkeyPatch, core: Core, decode: ModuleType) -> SimpleNamespace:
    """The module Triton gives its models; the graph behind it is the real one, `broken` makes it fail."""
    state = SimpleNamespace(broken=False, core=core)

    class CoreRequest:
        def __init__(self, model_name: str, requested_output_names: list[str], inputs: list[Tensor]) -> None:
            assert model_name == "gpt_core"
            self.feed = {tensor.label: tensor.value for tensor in inputs}

        def exec(self) -> Any:
            results = (self.feed["tokens"], self.feed["past"]) if state.broken else core(**self.feed)
            tensors = [Tensor(name, value) for name, value in zip(("logits", "added"), results, strict=True)]
            error = TritonError("no such model")
            return SimpleNamespace(has_error=lambda: state.broken, error=lambda: error, output_tensors=lambda: tensors)

    module = ModuleType("triton_python_backend_utils")
    module.__dict__.update(
        Tensor=Tensor,
        TritonError=TritonError,
        InferenceResponse=Response,
        InferenceRequest=CoreRequest,
        TritonModelException=ModelError,
        TRITONSERVER_RESPONSE_COMPLETE_FINAL=FINAL,
        get_input_tensor_by_name=lambda request, name: request.tensor(name),
        using_decoupled_model_transaction_policy=lambda config: config["model_transaction_policy"]["decoupled"],
    )
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", module)
    return state


def model(streams: bool = False) -> Any:
    loaded = load(REPOSITORY / "gpt" / "1" / "model.py", "gpt_model").TritonPythonModel()
    loaded.initialize({"model_config": json.dumps({"model_transaction_policy": {"decoupled": streams}})})
    return loaded


def answers(requests: list[Request]) -> list[Response]:
    """The one response each request was sent, by a model that does not stream."""
    assert model().execute(requests) is None
    sent = [request.sender.sent for request in requests]
    assert all([flags for _, flags in one] == [FINAL] for one in sent)
    return [response for ((response, _),) in sent if response is not None]


def ids(text: str) -> list[int]:
    return list(text.encode())


def test_requests_of_different_lengths_share_a_batch_and_keep_their_answers(triton: SimpleNamespace) -> None:
    texts = ("The package ", "a", "You should never ")
    together = answers([Request([ids(text)]) for text in texts])
    assert triton.core.batches[0] == len(texts)
    for text, response in zip(texts, together, strict=True):
        assert response.tokens == answers([Request([ids(text)])])[0].tokens


def test_a_bad_request_fails_alone(triton: SimpleNamespace) -> None:
    good, other = Request([ids("The ")]), Request([ids("The ")])
    bad = [Request([[]]), Request([[1, 999]]), Request([[1]], max_tokens=0), Request([[1] * 400])]
    first, *refused, last = answers([good, *bad, other])
    assert first.error is None
    assert last.tokens == first.tokens
    assert [response.error and response.error.code for response in refused] == [TritonError.INVALID_ARG] * len(bad)
    for response, word in zip(refused, ("empty", "999", "at least 1", "400 tokens"), strict=True):
        assert response.error is not None
        assert word in response.error.text


def test_only_bad_requests_never_reach_the_graph(triton: SimpleNamespace) -> None:
    assert answers([Request([[]])])[0].error is not None
    assert triton.core.batches == []


def test_a_cancelled_request_is_told_so(triton: SimpleNamespace) -> None:
    responses = answers([Request([ids("The ")], cancelled=True), Request([ids("The ")])])
    assert responses[0].error is not None
    assert responses[0].error.code == TritonError.CANCELLED
    assert len(responses[1].tokens) > 1


def test_several_prompts_of_one_request_come_back_in_order(triton: SimpleNamespace) -> None:
    response = answers([Request([ids("The "), ids("When")], max_tokens=4)])[0]
    rows = response.output_tensors[0].value
    assert rows.shape == (2, 4)
    assert rows[1].tolist() == answers([Request([ids("When")], max_tokens=4)])[0].tokens


def test_a_stream_is_the_same_answer_in_pieces_and_says_when_it_ends(triton: SimpleNamespace) -> None:
    whole = answers([Request([ids("The package ")])])[0].tokens
    request, other = Request([ids("The package ")]), Request([[]])
    assert model(streams=True).execute([request, other]) is None
    *pieces, last = request.sender.sent
    assert [piece.tokens for piece, _ in pieces if piece] == [[token] for token in whole]
    assert {flags for _, flags in pieces} == {0}
    assert last == (None, FINAL)
    ((refusal, flags),) = other.sender.sent
    assert refusal is not None
    assert refusal.error is not None
    assert flags == FINAL


def test_a_stream_answers_one_prompt(triton: SimpleNamespace) -> None:
    request = Request([[65], [66]])
    model(streams=True).execute([request])
    ((refusal, _),) = request.sender.sent
    assert refusal is not None
    assert refusal.error is not None
    assert "2 prompts" in refusal.error.text


def test_a_short_answer_leaves_before_the_long_ones_of_its_batch_are_done(triton: SimpleNamespace) -> None:
    short, long = Request([ids("The ")], max_tokens=2), Request([ids("The ")], max_tokens=9)
    calls_when_sent: list[int] = []
    send = short.sender.send

    def watched(*given: Any, **named: Any) -> None:
        calls_when_sent.append(len(triton.core.batches))
        send(*given, **named)

    short.sender.send = watched  # type: ignore[method-assign]
    answers([short, long])
    assert calls_when_sent == [2]
    assert len(triton.core.batches) == 9


@pytest.mark.parametrize("streams", [False, True])
def test_a_broken_core_ends_every_request_with_its_reason(triton: SimpleNamespace, streams: bool) -> None:
    triton.broken = True
    request = Request([ids("The ")])
    model(streams).execute([request])
    ((refusal, flags),) = request.sender.sent
    assert refusal is not None
    assert refusal.error is not None
    assert "gpt_core: no such model" in refusal.error.text
    assert refusal.error.code == TritonError.INTERNAL
    assert flags == FINAL
