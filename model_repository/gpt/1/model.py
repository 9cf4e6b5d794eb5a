"""Text generation as a Triton model: requests in, decode loop over `gpt_core`, tokens out.

One file for three models, told apart by their configuration only: `gpt` (dynamic batching), `gpt_stream` (decoupled: a
response per token) and `gpt_handbook` (the handbook's settings).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import decode
import numpy as np
import triton_python_backend_utils as pb_utils

CORE = "gpt_core"


def run_core(tokens: Any, past: Any, padding: Any) -> tuple[Any, Any]:
    """One call of the graph, which is a model of its own in the same server."""
    request = pb_utils.InferenceRequest(
        model_name=CORE,
        requested_output_names=["logits", "present"],
        inputs=[
            pb_utils.Tensor("tokens", tokens),
            pb_utils.Tensor("past", np.ascontiguousarray(past)),
            pb_utils.Tensor("padding", padding),
        ],
    )
    response = request.exec()
    if response.has_error():
        raise pb_utils.TritonModelException(f"{CORE}: {response.error().message()}")
    outputs = {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
    return outputs["logits"], outputs["present"]


def read_rows(request: Any) -> list[decode.Row]:
    """The prompts of one request, a row each."""
    prompts = pb_utils.get_input_tensor_by_name(request, "INPUT__0").as_numpy()
    asked = pb_utils.get_input_tensor_by_name(request, "MAX_TOKENS")
    limits = None if asked is None else asked.as_numpy().reshape(-1)
    return [
        decode.Row(
            decode.check_prompt(prompt),
            decode.check_max_tokens(None if limits is None else int(limits[index])),
            is_cancelled=request.is_cancelled,
        )
        for index, prompt in enumerate(prompts)
    ]


def response_of(rows: list[decode.Row]) -> Any:
    """The answer to one request."""
    if any(row.cancelled for row in rows):
        return failure("cancelled by its sender", pb_utils.TritonError.CANCELLED)
    return tensor_response(decode.as_rectangle(rows))


def tensor_response(tokens: Any) -> Any:
    """Token ids as a response."""
    return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("OUTPUT__0", tokens)])


def failure(message: str, code: Any = None) -> Any:
    """An error as a response: this request fails, the others of its batch do not."""
    code = pb_utils.TritonError.INVALID_ARG if code is None else code
    return pb_utils.InferenceResponse(error=pb_utils.TritonError(message, code))


class TritonPythonModel:
    """What Triton starts, once per instance."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read from the configuration whether answers are streamed."""
        self.streams = pb_utils.using_decoupled_model_transaction_policy(json.loads(args["model_config"]))

    def execute(self, requests: list[Any]) -> list[Any] | None:
        """Answer a batch of requests; prompts of all of them are decoded together."""
        if self.streams:
            self.execute_streaming(requests)
            return None
        answers: list[list[decode.Row] | Any] = [self.rows_or_failure(request) for request in requests]
        self.decode_all([answer for answer in answers if isinstance(answer, list)])
        return [response_of(answer) if isinstance(answer, list) else answer for answer in answers]

    def execute_streaming(self, requests: list[Any]) -> None:
        """The same, a response for each token and an empty one that says it is the last."""
        final = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL
        accepted: list[tuple[list[decode.Row], Any]] = []
        for request in requests:
            sender = request.get_response_sender()
            answer = self.rows_or_failure(request, partial(self.send_token, sender))
            if isinstance(answer, list):
                accepted.append((answer, sender))
            else:
                sender.send(answer, flags=final)
        try:
            self.decode_all([rows for rows, _ in accepted])
        except pb_utils.TritonModelException as broken:
            for _, sender in accepted:
                sender.send(failure(str(broken), pb_utils.TritonError.INTERNAL), flags=final)
            return
        for _, sender in accepted:
            sender.send(flags=final)

    def rows_or_failure(self, request: Any, on_token: Callable[[int], None] | None = None) -> Any:
        """The rows of a request, or the response that refuses it."""
        try:
            rows = read_rows(request)
            if on_token is not None:
                if len(rows) > 1:
                    raise decode.BadRequestError(f"{len(rows)} prompts in one request: a stream answers one")
                rows[0].on_token = on_token
        except decode.BadRequestError as refused:
            return failure(str(refused))
        return rows

    @staticmethod
    def send_token(sender: Any, token: int) -> None:
        """One token down the stream."""
        sender.send(tensor_response(np.array([[token]], np.int32)))

    @staticmethod
    def decode_all(answers: list[list[decode.Row]]) -> None:
        """Decode every row of every accepted request."""
        rows = [row for answer in answers for row in answer]
        if rows:
            decode.decode(rows, run_core)
