"""The decode loop of the example model, without a word of Triton in it, so that it can be tested anywhere.

A batch of prompts is decoded in lock-step: the prompts are padded on the left to one length, one call of the core
reads them all, and each further call adds one token to every row that is not finished. Finished and cancelled rows
leave the batch at once. A row's answer does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

BYTES = 256
BEGIN = 256
END = 257
CONTEXT = 256
"""Tokens the model was trained to see, begin included."""
CACHE_SHAPE = (8, 4)
"""Keys and values of 4 layers, 4 heads each."""
HEAD_WIDTH = 32
DEFAULT_MAX_TOKENS = 64
NO_REPEAT = 7
"""No run of so many bytes is said twice in one answer: greedy decoding of a small model circles otherwise."""
LONGEST_PROMPT = CONTEXT - 2
"""Begin goes before it and at least one token has to fit behind it."""

Array = np.ndarray[Any, Any]


class Core(Protocol):
    """The graph: (tokens, past, padding) -> (logits after the last token, past with the new tokens behind it)."""

    def __call__(self, tokens: Array, past: Array, padding: Array) -> tuple[Array, Array]:
        """Run it once."""
        ...


class BadRequestError(Exception):
    """What is wrong with one request, in words for its sender; the rest of the batch goes on."""


@dataclass
class Row:
    """One prompt on its way to an answer."""

    prompt: Sequence[int]
    max_tokens: int
    on_token: Callable[[int], None] = lambda token: None
    is_cancelled: Callable[[], bool] = lambda: False
    produced: list[int] = field(default_factory=list)
    cancelled: bool = False
    recent: tuple[int, ...] = ()
    followers: dict[tuple[int, ...], set[int]] = field(default_factory=dict)
    """What came after each run of NO_REPEAT - 1 bytes so far."""

    def __post_init__(self) -> None:
        for token in self.prompt:
            self.remember(token)

    @property
    def limit(self) -> int:
        """Tokens it may produce: what was asked for, or what still fits the context."""
        return min(self.max_tokens, CONTEXT - 1 - len(self.prompt))

    def remember(self, token: int) -> None:
        """Note what was read or said, so that it is not said again."""
        self.followers.setdefault(self.recent, set()).add(token)
        self.recent = (*self.recent, token)[1 - NO_REPEAT :]

    def repeats(self) -> list[int]:
        """The next tokens that would say a run of NO_REPEAT bytes a second time."""
        return [*self.followers.get(self.recent, ())] if len(self.recent) == NO_REPEAT - 1 else []

    def take(self, token: int) -> bool:
        """Add one token; False when it was the last."""
        self.produced.append(token)
        self.remember(token)
        self.on_token(token)
        return token != END and len(self.produced) < self.limit


def check_prompt(prompt: Array) -> list[int]:
    """The token ids of one prompt, or a fault its sender can act on."""
    if prompt.size == 0:
        raise BadRequestError("INPUT__0 is empty: send at least one token id (the bytes of a text)")
    if prompt.size > LONGEST_PROMPT:
        raise BadRequestError(
            f"INPUT__0 has {prompt.size} tokens, the context leaves room for {LONGEST_PROMPT}: send a shorter prompt"
        )
    outside = prompt[(prompt < 0) | (prompt >= BYTES)]
    if outside.size:
        raise BadRequestError(f"INPUT__0 holds token id {outside[0]}: ids are bytes, 0 to {BYTES - 1}")
    return [int(token) for token in prompt]


def check_max_tokens(value: int | None) -> int:
    """How many tokens were asked for; more than fit the context is cut to what fits, less than one is a fault."""
    if value is None:
        return DEFAULT_MAX_TOKENS
    if value < 1:
        raise BadRequestError(f"MAX_TOKENS is {value}: ask for at least 1")
    return value


def first_inputs(rows: Sequence[Row]) -> tuple[Array, Array, Array]:
    """Tokens, past and padding of the first call.

    `past` starts with one slot that padding hides: an empty tensor is refused by some of Triton's backends.
    """
    longest = max(len(row.prompt) for row in rows) + 1
    tokens = np.zeros((len(rows), longest), np.int32)
    padding = np.zeros((len(rows), 1), np.int32)
    for index, row in enumerate(rows):
        start = longest - 1 - len(row.prompt)
        tokens[index, start:] = [BEGIN, *row.prompt]
        padding[index] = start + 1
    return tokens, np.zeros((len(rows), CACHE_SHAPE[0], CACHE_SHAPE[1], 1, HEAD_WIDTH), np.float32), padding


def choose(logits: Array, rows: Sequence[Row]) -> Array:
    """Greedy: the likeliest next token of each row that repeats nothing; begin is never one."""
    allowed = np.array(logits)
    allowed[:, BEGIN] = -np.inf
    for index, row in enumerate(rows):
        allowed[index, row.repeats()] = -np.inf
    return np.asarray(allowed.argmax(axis=-1), np.int32)


def decode(rows: Sequence[Row], core: Core) -> None:
    """Fill `produced` of every row; an answer that ended by itself ends with END."""
    active = list(rows)
    tokens, past, padding = first_inputs(active)
    while active:
        logits, past = core(tokens, past, padding)
        chosen = choose(logits, active)
        keep = []
        for index, row in enumerate(active):
            row.cancelled = row.is_cancelled()
            if not row.cancelled and row.take(int(chosen[index])):
                keep.append(index)
        if len(keep) < len(active):
            active = [active[index] for index in keep]
            past, padding = past[keep], padding[keep]
        tokens = chosen[keep][:, None]


def as_rectangle(rows: Sequence[Row]) -> Array:
    """Answers of one request as one tensor, shorter ones filled up with END."""
    longest = max(len(row.produced) for row in rows)
    answer = np.full((len(rows), longest), END, np.int32)
    for index, row in enumerate(rows):
        answer[index, : len(row.produced)] = row.produced
    return answer
