"""The models of the repository that the bench of predictions asks, and how: inputs of a request, and of a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tritonclient.grpc as triton_grpc  # type: ignore[import-untyped,unused-ignore]

from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.cost_model.request import Request
from aigc.plan.parts import BatchingPlan
from aigc.plan.repository import read_model
from scripts.load import mix

PROMPT_TOKENS, ANSWER_TOKENS = 32, 8
"""An answer of so many steps takes some ten milliseconds, so that a few seconds hold enough of them for a p99."""
CACHE_SHAPE = (8, 4, 1, 32)
"""Of gpt_core's `past` with one slot, which is not filled."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Asked:
    """One model, and what it is asked."""

    model: str
    endpoint: str
    """In whose pod it is: the first model of it."""
    request: Request
    tensors: Callable[[Sequence[mix.Request]], dict[str, Array]]
    """Of so many prompts as one request."""
    output: str

    @property
    def lengths(self) -> mix.Mix:
        """Requests as the load's client draws them."""
        return mix.fixed_mix(PROMPT_TOKENS, max(1, self.request.tokens_out), None)


def text_tensors(requests: Sequence[mix.Request]) -> dict[str, Array]:
    """Prompts and the lengths of their answers."""
    prompts = np.array([np.frombuffer(one.prompt.encode(), np.uint8) for one in requests], np.int32)
    return {"INPUT__0": prompts, "MAX_TOKENS": np.array([[one.max_tokens] for one in requests], np.int32)}


def core_tensors(requests: Sequence[mix.Request]) -> dict[str, Array]:
    """The call that reads prompts, as `first_inputs` of gpt's decode.py makes it."""
    prompts = text_tensors(requests)["INPUT__0"]
    nothing = np.zeros((len(prompts), 1), np.int32)
    past = np.zeros((len(prompts), *CACHE_SHAPE), np.float32)
    return {"tokens": prompts, "past": past, "filled": nothing, "padding": nothing}


WRITTEN = Request(tokens_in=PROMPT_TOKENS + mix.MARKS, tokens_out=ANSWER_TOKENS)
MODELS = (
    Asked("gpt", "gpt", WRITTEN, text_tensors, "OUTPUT__0"),
    Asked("gpt_handbook", "gpt_handbook", WRITTEN, text_tensors, "OUTPUT__0"),
    Asked("gpt_core", "gpt", Request(tokens_in=PROMPT_TOKENS, tokens_out=1), core_tensors, "logits"),
)


def grpc_inputs(tensors: dict[str, Array]) -> list[Any]:
    """As tritonclient sends them."""
    kinds = {np.dtype(np.int32): "INT32", np.dtype(np.float32): "FP32"}
    inputs = []
    for name, value in tensors.items():
        tensor = triton_grpc.InferInput(name, list(value.shape), kinds[value.dtype])
        tensor.set_data_from_numpy(value)
        inputs.append(tensor)
    return inputs


def batching_of(model: str) -> BatchingPlan:
    """What its config.pbtxt says."""
    found, faults = read_model(MODEL_REPOSITORY, model)
    if found is None:
        raise ValueError(f"{model} is no sound model: {faults}")
    config = found.config
    return BatchingPlan(
        max_batch_size=config.max_batch_size,
        dynamic=config.dynamic,
        max_queue_delay_us=config.max_queue_delay_us,
        instances=config.instances,
    )
