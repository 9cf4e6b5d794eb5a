"""The client's answers and its words for everything that can stand between a person and a model."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import grpc  # type: ignore[import-untyped,unused-ignore]
import pytest
from tritonclient.grpc import service_pb2  # type: ignore[import-untyped,unused-ignore]

from aigc.catalog.faults import Fault, UserError
from scripts.model.client import END, GatewayEndpoint, Generation, Protocol, infer_text
from tests.pure.model.fake_servers import abort, grpc_answer, grpc_server, http_answer, http_server

HOST = "gpt.models.aigc.internal"
HELLO = [*b"Hello", END]


def ask(address: str, protocol: Protocol = Protocol.GRPC, **keywords: Any) -> Generation:
    return infer_text(
        GatewayEndpoint(HOST, address), "gpt", "Say ", 16, protocol, **{"timeout_seconds": 10, **keywords}
    )


def fault_of(address: str, protocol: Protocol = Protocol.GRPC, **keywords: Any) -> Fault:
    with pytest.raises(UserError) as raised:
        ask(address, protocol, **keywords)
    (fault,) = raised.value.faults
    assert fault.where
    assert fault.way_out
    assert "Traceback" not in str(fault)
    assert "\n" not in str(fault)
    return fault


@pytest.fixture
def closed_port() -> Iterator[str]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        yield f"127.0.0.1:{held.getsockname()[1]}"


def test_http_names_the_host_once_and_carries_the_request_id() -> None:
    with http_server(200, http_answer(HELLO)) as (address, received):
        answer = ask(address, Protocol.HTTP, request_id="id-1")
    assert (answer.text, answer.tokens, answer.finished, answer.protocol) == ("Hello", 5, True, "http")
    assert answer.seconds > 0
    assert received[0]["host"] == HOST
    assert received[0]["x-request-id"] == "id-1"


def test_grpc_asks_the_model_for_the_prompt_and_no_more_tokens_than_said() -> None:
    asked: list[Any] = []

    def answer(request: Any, _context: Any) -> Any:
        asked.append(request)
        return grpc_answer([*b"Hello"])

    with grpc_server(answer) as (address, seen):
        generation = ask(address, request_id="id-2")
    assert (generation.text, generation.finished, generation.first_token_seconds) == ("Hello", False, None)
    assert seen.models == ["gpt"]
    assert seen.metadata[0]["x-request-id"] == "id-2"
    by_name = dict(zip((tensor.name for tensor in asked[0].inputs), asked[0].raw_input_contents, strict=True))
    assert by_name["INPUT__0"] == b"".join(byte.to_bytes(4, "little") for byte in b"Say ")
    assert by_name["MAX_TOKENS"] == (16).to_bytes(4, "little")


def test_grpc_names_the_host_behind_the_address() -> None:
    """The server's own idea of `:authority` is not in its metadata, so the bytes are read from the wire."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)
        import threading

        received: list[bytes] = []

        def read() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")  # an empty SETTINGS frame: go on
                connection.settimeout(2)
                while HOST.encode() not in b"".join(received) and (data := connection.recv(65536)):
                    received.append(data)

        thread = threading.Thread(target=read)
        thread.start()
        fault_of(f"127.0.0.1:{listener.getsockname()[1]}", timeout_seconds=2)
        thread.join(10)
    assert HOST.encode() in b"".join(received)


def test_a_stream_hands_over_pieces_of_whole_characters() -> None:
    tokens = [*"Café".encode()]

    def answer(_request: Any, _context: Any) -> Iterator[Any]:
        for token in tokens:
            yield service_pb2.ModelStreamInferResponse(infer_response=grpc_answer([token], final=False))
        yield service_pb2.ModelStreamInferResponse(infer_response=grpc_answer([], final=True))

    pieces: list[str] = []
    with grpc_server(stream=answer) as (address, seen):
        generation = ask(address, stream=pieces.append)
    assert seen.models == ["gpt_stream"]
    assert pieces == ["C", "a", "f", "é"]
    assert (generation.text, generation.tokens) == ("Café", 5)
    assert generation.first_token_seconds is not None
    assert generation.first_token_seconds <= generation.seconds


def test_over_http_the_stream_is_one_answer() -> None:
    pieces: list[str] = []
    with http_server(200, http_answer(HELLO)) as (address, _):
        ask(address, Protocol.HTTP, stream=pieces.append)
    assert "".join(pieces) == "Hello"


@pytest.mark.parametrize(
    "keywords", [{"protocol": Protocol.HTTP}, {}, {"stream": print}], ids=["http", "grpc", "stream"]
)
def test_no_gateway_is_said_with_the_way_to_start_one(closed_port: str, keywords: dict[str, Any]) -> None:
    fault = fault_of(closed_port, **keywords)
    assert fault.where == f"gateway {closed_port}"
    assert "cannot be reached" in fault.problem
    assert "scripts up" in fault.way_out


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_gateway_that_says_nothing_is_given_up(protocol: Protocol) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        fault = fault_of(f"127.0.0.1:{silent.getsockname()[1]}", protocol, timeout_seconds=0.5)
    assert time.monotonic() - started < 5
    assert "within 0.5 s" in fault.problem or "cannot be reached" in fault.problem


def test_a_slow_model_is_given_up_with_the_time_allowed() -> None:
    with http_server(200, http_answer(HELLO), seconds=1.5) as (address, _):
        assert "within 0.3 s" in fault_of(address, Protocol.HTTP, timeout_seconds=0.3).problem

    def slow(_request: Any, _context: Any) -> Any:
        time.sleep(1.5)
        return grpc_answer(HELLO)

    with grpc_server(slow) as (address, _):
        assert "within 0.3 s" in fault_of(address, timeout_seconds=0.3).problem


HTTP_REFUSALS = [
    (404, b"", f"serves no host {HOST}", "--host"),
    (
        400,
        json.dumps({"error": "Request for unknown model: 'gpt' is not found"}).encode(),
        "is not served",
        "scripts plan",
    ),
    (503, b"no healthy upstream", "no replica ready", "scripts logs gpt"),
    (504, b"upstream request timeout", "HTTP 504", "scripts logs gpt"),
    (400, json.dumps({"error": "INPUT__0 is empty: send more"}).encode(), "INPUT__0 is empty", "change the request"),
    (500, json.dumps({"error": "gpt_core: broken"}).encode(), "failed with 500: gpt_core: broken", "scripts logs gpt"),
    (403, b"RBAC: access denied", "failed with 403", "scripts logs gpt"),
]


@pytest.mark.parametrize(("status", "body", "problem", "way_out"), HTTP_REFUSALS)
def test_refusals_over_http(status: int, body: bytes, problem: str, way_out: str) -> None:
    with http_server(status, body) as (address, _):
        fault = fault_of(address, Protocol.HTTP)
    assert problem in fault.problem
    assert way_out in fault.way_out


GRPC_REFUSALS = [
    (grpc.StatusCode.UNIMPLEMENTED, "Received http2 header with status: 404", f"serves no host {HOST}", "--host"),
    (grpc.StatusCode.NOT_FOUND, "Request for unknown model: 'gpt' is not found", "is not served", "scripts plan"),
    (grpc.StatusCode.UNAVAILABLE, "no healthy upstream", "no replica ready", "scripts logs gpt"),
    (grpc.StatusCode.UNAVAILABLE, "Received http2 header with status: 503", "no replica ready", "scripts logs gpt"),
    (grpc.StatusCode.INVALID_ARGUMENT, "INPUT__0 is empty: send more", "INPUT__0 is empty", "change the request"),
    (grpc.StatusCode.INTERNAL, "gpt_core: broken", "failed with INTERNAL: gpt_core: broken", "scripts logs gpt"),
]


@pytest.mark.parametrize(("code", "message", "problem", "way_out"), GRPC_REFUSALS)
def test_refusals_over_grpc(code: Any, message: str, problem: str, way_out: str) -> None:
    with grpc_server(abort(code, message)) as (address, _):
        fault = fault_of(address)
    assert problem in fault.problem
    assert way_out in fault.way_out


def test_a_refusal_inside_a_stream_has_the_same_words() -> None:
    def refuse(_request: Any, _context: Any) -> Iterator[Any]:
        yield service_pb2.ModelStreamInferResponse(error_message="INPUT__0 has 300 tokens, too many")

    with grpc_server(stream=refuse) as (address, _):
        fault = fault_of(address, stream=print)
    assert "INPUT__0 has 300 tokens" in fault.problem
    assert "change the request" in fault.way_out


def test_a_stream_that_breaks_off_is_a_fault_and_not_a_short_answer() -> None:
    def half(_request: Any, context: Any) -> Iterator[Any]:
        yield service_pb2.ModelStreamInferResponse(infer_response=grpc_answer([65], final=False))
        context.abort(grpc.StatusCode.UNAVAILABLE, "upstream reset")

    with grpc_server(stream=half) as (address, _):
        assert "no replica ready" in fault_of(address, stream=lambda _: None).problem


@pytest.mark.parametrize(("text", "tokens", "where"), [("", 4, "--text"), ("x", 0, "--max-tokens")])
def test_a_senseless_question_is_not_sent(closed_port: str, text: str, tokens: int, where: str) -> None:
    with pytest.raises(UserError) as raised:
        infer_text(GatewayEndpoint(HOST, closed_port), "gpt", text, tokens, Protocol.GRPC)
    assert raised.value.faults[0].where == where
