"""Asynchronous clients of a model: many requests in flight over connections that were made before the clock started."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import numpy as np
import tritonclient.grpc as triton_grpc  # type: ignore[import-untyped,unused-ignore]
import tritonclient.grpc.aio as triton_grpc_aio  # type: ignore[import-untyped,unused-ignore]
import tritonclient.http as triton_http  # type: ignore[import-untyped,unused-ignore]
import tritonclient.http.aio as triton_http_aio  # type: ignore[import-untyped,unused-ignore]

from scripts.load.loops import Send
from scripts.load.mix import Request
from scripts.load.settings import MAX_IN_FLIGHT, LoadSettings
from scripts.model.client import END, Protocol
from scripts.model.transport import answer_tokens, request_tensors

STREAMS_PER_CONNECTION = 50
"""Proxies allow 100 requests at once on a connection of HTTP/2; one more would wait unseen in this client."""
MAX_CONNECTIONS = 64
FIRST_ANSWER_SECONDS = 120.0
"""The request that opens the connections may start a pod from zero; the same two minutes as `infer` allows."""


Ask = Callable[[Request], Awaitable[np.ndarray[Any, Any]]]
"""Sends one request and returns the tokens of its answer, int32, the mark that ends it included, or raises."""


OnAnswer = Callable[[Request, np.ndarray[Any, Any]], None]
"""Is handed every request with the token ids of its answer."""


def ignore(request: Request, tokens: np.ndarray[Any, Any]) -> None:
    """A load test counts answers and does not read them."""


@asynccontextmanager
async def connected(settings: LoadSettings, on_answer: OnAnswer = ignore) -> AsyncIterator[Send]:
    """A sender that counts tokens and whose connections are open; it sent one real request, so no model is at zero.

    Raises:
        InferenceServerException, OSError: the model did not answer that request.
    """
    async with asking(settings) as ask:

        async def send(request: Request) -> int:
            tokens = await ask(request)
            on_answer(request, tokens)
            return generated(tokens)

        yield send


@asynccontextmanager
async def asking(settings: LoadSettings) -> AsyncIterator[Ask]:
    """The same for whoever reads the answers.

    Raises:
        InferenceServerException, OSError: the model did not answer that request.
    """
    connect = _grpc if settings.protocol is Protocol.GRPC else _http
    async with connect(settings) as ask:
        yield ask


def connections(settings: LoadSettings) -> int:
    """How many to make before the start."""
    per_connection = STREAMS_PER_CONNECTION if settings.protocol is Protocol.GRPC else 1
    return max(1, min(MAX_CONNECTIONS, math.ceil(settings.expected_in_flight / per_connection)))


@asynccontextmanager
async def _grpc(settings: LoadSettings) -> AsyncIterator[Ask]:
    options = [
        ("grpc.default_authority", settings.host),
        ("grpc.use_local_subchannel_pool", 1),  # else all channels would share one connection
        ("grpc.enable_http_proxy", 0),  # the load goes to the address that was checked, not to a proxy
        # By default a client waits up to two minutes before it tries again: a server that is back would count as down.
        ("grpc.max_reconnect_backoff_ms", 1000),
        # A server whose machine is gone resets nothing: without a question now and then the connection would stay open,
        # and each request on it time out, for a quarter of an hour.
        ("grpc.keepalive_time_ms", 5000),
        ("grpc.keepalive_timeout_ms", 3000),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(connections(settings)):
            client = triton_grpc_aio.InferenceServerClient(settings.address, channel_args=options)
            clients.append(await stack.enter_async_context(client))

        async def infer(client: Any, request: Request) -> np.ndarray[Any, Any]:
            inputs = request_tensors(triton_grpc, prompt_tensor(request), request.max_tokens)
            return answer_tokens(await client.infer(settings.model, inputs))

        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            await infer(clients[0], WAKING)
            await asyncio.gather(*(infer(client, WAKING) for client in clients[1:]))
        turn = itertools.cycle(clients)
        yield lambda request: infer(next(turn), request)


@asynccontextmanager
async def _http(settings: LoadSettings) -> AsyncIterator[Ask]:
    async with triton_http_aio.InferenceServerClient(
        settings.address, conn_limit=MAX_IN_FLIGHT, conn_timeout=max(FIRST_ANSWER_SECONDS, settings.timeout_seconds)
    ) as client:

        async def infer(request: Request) -> np.ndarray[Any, Any]:
            inputs = request_tensors(triton_http, prompt_tensor(request), request.max_tokens)
            return answer_tokens(await client.infer(settings.model, inputs, headers={"Host": settings.host}))

        async with asyncio.timeout(FIRST_ANSWER_SECONDS):
            await infer(WAKING)
            await asyncio.gather(*(infer(WAKING) for _ in range(connections(settings))))  # at once, so each has its own
        yield infer


WAKING = Request("wake ", 1)
"""As little work as a request can be."""


def prompt_tensor(request: Request) -> np.ndarray[Any, Any]:
    """The prompt as token ids, one a byte."""
    return np.frombuffer(request.prompt.encode(), np.uint8).astype(np.int32)


def generated(tokens: np.ndarray[Any, Any]) -> int:
    """How many tokens an answer has; the mark that ends it is none."""
    return int(np.count_nonzero(tokens != END))
