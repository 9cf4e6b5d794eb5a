"""`infer` on a terminal: an answer is shown as one text with its prompt, a fault stands alone and ends with 2."""

from __future__ import annotations

import json

import pytest
import typer
from tritonclient.grpc import service_pb2  # type: ignore[import-untyped,unused-ignore]
from typer.testing import CliRunner

from aigc.catalog.faults import UserError
from scripts.model.client import Generation
from scripts.verbs import infer
from tests.pure.model.fake_servers import grpc_answer, grpc_server, http_answer, http_server
from tests.pure.model.test_client import HELLO, HOST


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    infer.register(app)
    app.command("other")(lambda: None)  # with one command alone Typer drops its name
    return app


def test_http_in_json_is_one_document(app: typer.Typer) -> None:
    with http_server(200, http_answer(HELLO)) as (address, _):
        command = ["infer", "gpt", "--text", "Say ", "--address", address, "--host", HOST, "--protocol", "http"]
        result = CliRunner().invoke(app, [*command, "--format", "json"])
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["prompt"], document["text"], document["tokens"]) == ("Say ", "Hello", 5)


@pytest.mark.parametrize("stream", ["--stream", "--no-stream"])
def test_the_terminal_shows_prompt_and_answer_once(app: typer.Typer, stream: str) -> None:
    def pieces(*_: object) -> object:
        for token in b"Hello":
            yield service_pb2.ModelStreamInferResponse(infer_response=grpc_answer([token], final=False))
        yield service_pb2.ModelStreamInferResponse(infer_response=grpc_answer([]))

    with grpc_server(lambda *_: grpc_answer(HELLO), pieces) as (address, _):
        command = ["infer", "gpt", "--text", "Say ", "--address", address, "--host", HOST, stream]
        result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert result.stdout == "Say Hello\n"
    assert "5 tokens in" in result.stderr


def test_a_fault_is_not_preceded_by_half_an_answer(app: typer.Typer) -> None:
    with http_server(503, b"") as (address, _):
        command = ["infer", "gpt", "--text", "Say ", "--address", address, "--host", HOST, "--protocol", "http"]
        result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, UserError)
    assert result.stdout == ""


@pytest.mark.parametrize("address", ["gateway", "http://10.0.0.1:80", ":80", "h:0", "h:65536", "h:", "h:x", ""])
def test_an_address_is_host_and_port(address: str) -> None:
    with pytest.raises(UserError, match="HOST:PORT"):
        infer.checked_address(address)


def test_a_model_that_is_no_endpoint_is_told_which_are() -> None:
    with pytest.raises(UserError, match="gpt"):
        infer.served_host("gpt_core")
    assert infer.served_host("gpt") == HOST


def test_the_summary_says_why_the_answer_ended() -> None:
    cut = Generation("x", 64, 0.5, 0.01, finished=False, model="gpt_stream", protocol="grpc")
    assert "64 tokens in 500 ms · first after 10 ms" in infer.summary(cut)
    assert "cut" in infer.summary(cut)
    whole = Generation("x", 3, 0.5, None, finished=True, model="gpt", protocol="http")
    assert "ended by itself" in infer.summary(whole)
    assert "first" not in infer.summary(whole)
