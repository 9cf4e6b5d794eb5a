"""Asks a served language model through the gateway, in the KServe v2 protocol over gRPC or HTTP.

The gateway is reached at an address and picks the endpoint by host name, so the address need not resolve the host.
Prompts are bytes, one token each (`tokenizer: bytes` in model.yaml); so are answers.
"""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from aigc.catalog.faults import fail
from aigc.config.stacks import MODEL_REPOSITORY
from scripts.model.client_faults import Call, in_words

BYTES = 256
END = 257
DEFAULT_TIMEOUT_SECONDS = 120.0
"""A first request may start a pod from zero; the image is on the node, so two minutes are ample."""

OnText = Callable[[str], None]


class Protocol(StrEnum):
    """How a request travels."""

    GRPC = "grpc"
    HTTP = "http"


@dataclass(frozen=True)
class GatewayEndpoint:
    """Where the gateway listens and the host name it is asked for."""

    host: str
    address: str
    """HOST:PORT, for instance 10.217.0.1:30080."""


@dataclass(frozen=True)
class Generation:
    """An answer and what it took."""

    text: str
    tokens: int
    seconds: float
    """From before the connection was made to the last token: what a person waits."""
    first_token_seconds: float | None
    """None when the answer came in one piece."""
    finished: bool
    """The model ended the text itself, it was not cut at the number of tokens asked for."""
    model: str
    """The Triton model that answered: a streaming answer comes from a companion."""
    protocol: str


class _Text:
    """Tokens on their way to text: bytes of one character may come in several tokens."""

    def __init__(self, on_text: OnText | None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._on_text = on_text
        self._started = time.monotonic()
        self.parts: list[str] = []
        self.tokens = 0
        self.finished = False
        self.first_token_seconds: float | None = None

    def take(self, tokens: np.ndarray[Any, Any]) -> None:
        if self.first_token_seconds is None:
            self.first_token_seconds = time.monotonic() - self._started
        for token in tokens.reshape(-1).tolist():
            if token == END:
                self.finished = True
                return
            self.tokens += 1
            self._say(self._decoder.decode(bytes([token])) if token < BYTES else "")

    def end(self) -> str:
        self._say(self._decoder.decode(b"", final=True))
        return "".join(self.parts)

    def _say(self, text: str) -> None:
        if text:
            self.parts.append(text)
            if self._on_text is not None:
                self._on_text(text)


def infer_text(
    endpoint: GatewayEndpoint,
    model: str,
    text: str,
    max_tokens: int,
    protocol: Protocol,
    stream: OnText | None = None,
    *,
    request_id: str | None = None,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
) -> Generation:
    """One answer; with `stream` its text is handed over piece by piece as it is generated.

    Over HTTP, and for models without a streaming companion, the whole answer is one piece.

    Raises:
        UserError: the request cannot be sent or was not answered; it says why and what to do.
    """
    refuse_empty(text, max_tokens)
    companion = streaming_companion(model) if stream is not None and protocol is Protocol.GRPC else None
    call = Call(endpoint.host, endpoint.address, companion or model, timeout_seconds, request_id)
    prompt = np.frombuffer(text.encode(), np.uint8).astype(np.int32)
    answer = _Text(stream)
    started = time.monotonic()
    _send(call, prompt, max_tokens, protocol, answer, streamed=companion is not None)
    return Generation(
        text=answer.end(),
        tokens=answer.tokens,
        seconds=time.monotonic() - started,
        first_token_seconds=answer.first_token_seconds if companion else None,
        finished=answer.finished,
        model=call.model,
        protocol=protocol.value,
    )


def _send(
    call: Call, prompt: np.ndarray[Any, Any], max_tokens: int, protocol: Protocol, answer: _Text, *, streamed: bool
) -> None:
    from scripts.model import transport  # noqa: PLC0415 - tritonclient takes 0.5 s to import, other verbs need it not

    try:
        if streamed:
            transport.stream_grpc(call, prompt, max_tokens, answer.take)
        else:
            send = transport.send_grpc if protocol is Protocol.GRPC else transport.send_http
            answer.take(send(call, prompt, max_tokens))
    except transport.FAILURES as broken:
        raise in_words(call, broken) from broken


def refuse_empty(text: str, max_tokens: int) -> None:
    """A question without words or without an answer is refused before anything is sent."""
    if not text:
        raise fail("--text", "is empty", 'give the model something to continue, for instance --text "The package "')
    if max_tokens < 1:
        raise fail("--max-tokens", f"is {max_tokens}", "ask for at least 1 token")


def streaming_companion(model: str, repository: Path = MODEL_REPOSITORY) -> str | None:
    """The model of the same pod that streams the answers of `model`: its card requires `<model>_stream`."""
    name = f"{model}_stream"
    card = repository / model / "model.yaml"
    if not card.is_file():
        return None
    return name if name in (yaml.safe_load(card.read_text("utf-8")).get("requires") or ()) else None
