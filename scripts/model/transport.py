"""The three ways a prompt travels, all through tritonclient to a host behind an address: gRPC, gRPC stream, HTTP."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable
from typing import Any

import grpc  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import tritonclient.grpc as triton_grpc  # type: ignore[import-untyped,unused-ignore]
import tritonclient.http as triton_http  # type: ignore[import-untyped,unused-ignore]
from tritonclient.utils import InferenceServerException  # type: ignore[import-untyped,unused-ignore]

from scripts.model.client_faults import Call

FAILURES: tuple[type[Exception], ...] = (InferenceServerException, OSError, grpc.RpcError)
"""What a transport raises when a request was not answered; OSError holds timeouts, refusals and failed look-ups."""

CONNECT_TIMEOUT_SECONDS = 10.0
REQUEST_ID_HEADER = "x-request-id"
"""The header proxies log, so that one request can be followed through all of them."""

Tokens = np.ndarray[Any, Any]


def request_tensors(module: Any, prompt: Tokens, max_tokens: int) -> list[Any]:
    """The inputs of one request as `module` (tritonclient.grpc or .http) wants them; `prompt` is int32, one row."""
    tensors = {"INPUT__0": prompt[None, :], "MAX_TOKENS": np.array([[max_tokens]], np.int32)}
    inputs = []
    for name, value in tensors.items():
        tensor = module.InferInput(name, list(value.shape), "INT32")
        tensor.set_data_from_numpy(value)
        inputs.append(tensor)
    return inputs


def _headers(call: Call) -> dict[str, str]:
    return {REQUEST_ID_HEADER: call.request_id} if call.request_id else {}


def _grpc_client(call: Call) -> Any:
    return triton_grpc.InferenceServerClient(call.address, channel_args=[("grpc.default_authority", call.host)])


def answer_tokens(result: Any) -> Tokens:
    """The generated token ids of an answer over any transport."""
    tokens = result.as_numpy("OUTPUT__0")
    if tokens is None:
        raise InferenceServerException("the answer holds no OUTPUT__0: this is no model of token ids")
    return np.asarray(tokens)


def send_grpc(call: Call, prompt: Tokens, max_tokens: int) -> Tokens:
    """The whole answer over gRPC."""
    with _grpc_client(call) as client:
        result = client.infer(
            call.model,
            request_tensors(triton_grpc, prompt, max_tokens),
            request_id=call.request_id or "",
            headers=_headers(call),
            client_timeout=call.timeout_seconds,
        )
        return answer_tokens(result)


def send_http(call: Call, prompt: Tokens, max_tokens: int) -> Tokens:
    """The whole answer over HTTP."""
    with triton_http.InferenceServerClient(
        call.address,
        connection_timeout=min(CONNECT_TIMEOUT_SECONDS, call.timeout_seconds),
        network_timeout=call.timeout_seconds,
    ) as client:
        result = client.infer(
            call.model,
            request_tensors(triton_http, prompt, max_tokens),
            request_id=call.request_id or "",
            headers={"Host": call.host, **_headers(call)},
        )
        return answer_tokens(result)


def stream_grpc(call: Call, prompt: Tokens, max_tokens: int, on_tokens: Callable[[Tokens], None]) -> None:
    """The answer token by token over a gRPC stream; `on_tokens` runs in the caller's thread."""
    arrived: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
    deadline = time.monotonic() + call.timeout_seconds
    with _grpc_client(call) as client:
        client.start_stream(
            lambda result, error: arrived.put((result, error)),
            stream_timeout=call.timeout_seconds,
            headers=_headers(call),
        )
        with contextlib.suppress(InferenceServerException):  # a stream that broke at once; why is in the queue
            client.async_stream_infer(
                call.model,
                request_tensors(triton_grpc, prompt, max_tokens),
                request_id=call.request_id or "",
                enable_empty_final_response=True,
            )
        while True:
            try:
                result, error = arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                client.stop_stream(cancel_requests=True)
                raise TimeoutError("timed out") from None
            if error is not None:
                raise error
            response = result.get_response()
            if response.outputs:
                on_tokens(answer_tokens(result))
            if response.parameters["triton_final_response"].bool_param:
                return
