"""Text generation as a Triton model: requests in, decode loop over `gpt_core`, tokens out.

One file for three models, told apart by their configuration only: `gpt` (dynamic batching), `gpt_stream` (decoupled: a
response per token) and `gpt_handbook` (the handbook's settings).
"""

from __future__ import annotations

import json
from typing import Any

import decode
import numpy as np
import triton_python_backend_utils as pb_utils

CORE = "gpt_core"


def run_core(tokens: Any, past: Any, filled: Any, padding: Any) -> tuple[Any, Any]:
    """One call of the graph, which is a model of its own in the same server."""
    request = pb_utils.InferenceRequest(
        model_name=CORE,
        requested_output_names=["logits", "added"],
        inputs=[
            pb_utils.Tensor("tokens", tokens),
            pb_utils.Tensor("past", past),
            pb_utils.Tensor("filled", filled),
            pb_utils.Tensor("padding", padding),
        ],
    )
    response = request.exec()
    if response.has_error():
        raise pb_utils.TritonModelException(f"{CORE}: {response.error().message()}")
    outputs = {tensor.name(): tensor.as_numpy() for tensor in response.output_tensors()}
    return outputs["logits"], outputs["added"]


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


def tensor_response(tokens: Any) -> Any:
    """Token ids as a response."""
    return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor("OUTPUT__0", tokens)])


def failure(message: str, code: Any) -> Any:
    """An error as a response: this request fails, the others of its batch do not."""
    return pb_utils.InferenceResponse(error=pb_utils.TritonError(message, code))


class Answer:
    """One request on its way to its answer, which leaves as soon as its last row ends, whatever the batch still does.

    So its sender can ask again meanwhile, and the next batch is as large as the number of those who ask.
    """

    def __init__(self, request: Any, streams: bool) -> None:
        self.sender = request.get_response_sender()
        self.streams = streams
        self.answered = False
        self.rows: list[decode.Row] = []
        try:
            self.rows = read_rows(request)
            if streams and len(self.rows) > 1:
                raise decode.BadRequestError(f"{len(self.rows)} prompts in one request: a stream answers one")
        except decode.BadRequestError as refused:
            self.rows = []
            self.finish(failure(str(refused), pb_utils.TritonError.INVALID_ARG))
        self.open_rows = len(self.rows)
        for row in self.rows:
            row.on_end = self.row_ended
            if streams:
                row.on_token = self.send_token

    def send_token(self, token: int) -> None:
        """One token down the stream."""
        self.sender.send(tensor_response(np.array([[token]], np.int32)))

    def row_ended(self) -> None:
        """Answer when it was the last one."""
        self.open_rows -= 1
        if self.open_rows:
            return
        if self.streams:
            self.finish(None)
        elif any(row.cancelled for row in self.rows):
            self.finish(failure("cancelled by its sender", pb_utils.TritonError.CANCELLED))
        else:
            self.finish(tensor_response(decode.as_rectangle(self.rows)))

    def finish(self, response: Any | None) -> None:
        """The last that is said; without a response, that there is no more. Said once."""
        if self.answered:
            return
        self.answered = True
        final = pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL
        if response is None:
            self.sender.send(flags=final)
        else:
            self.sender.send(response, flags=final)


class TritonPythonModel:
    """What Triton starts, once per instance."""

    def initialize(self, args: dict[str, str]) -> None:
        """Read from the configuration whether answers are streamed."""
        self.streams = pb_utils.using_decoupled_model_transaction_policy(json.loads(args["model_config"]))

    def execute(self, requests: list[Any]) -> None:
        """Answer a batch of requests; prompts of all of them are decoded together, each is answered when it is done."""
        answers = [Answer(request, self.streams) for request in requests]
        rows = [row for answer in answers for row in answer.rows]
        try:
            if rows:
                decode.decode(rows, run_core)
        except pb_utils.TritonModelException as broken:
            for answer in answers:
                answer.finish(failure(str(broken), pb_utils.TritonError.INTERNAL))
