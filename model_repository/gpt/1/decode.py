"""The decode loop of the example model, without a word of Triton in it, so that it can be tested anywhere.

A batch of prompts is decoded in lock-step: the prompts are padded on the left to one length, one call of the core
reads them all, and each further call adds one token to every row that is not finished. Finished and cancelled rows
leave the batch at once. A row's answer does not depend on the rows beside it.
"""

from __future__ import annotations

import itertools
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

CALL_TOKENS = 40
"""A call of the core costs as much as reading so many tokens: 2.4 ms of 60 us each, on one core of a small machine."""
SLOT_TOKENS = 0.04
"""The same of one slot of one row's cache in one call, 2.4 us: the cache travels to the core."""
GROWTH_SLOTS = 16
"""A cache grows by so many slots: those not filled yet travel too."""
CANCEL_STEPS = 8
"""Whether its sender still waits is asked of a row every so many tokens: each question is a round trip to Triton."""

Array = np.ndarray[Any, Any]


class Core(Protocol):
    """The graph: (tokens, past, filled slots of past, padding) -> (logits after the last token, the tokens' cache)."""

    def __call__(self, tokens: Array, past: Array, filled: Array, padding: Array) -> tuple[Array, Array]:
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
    on_end: Callable[[], None] = lambda: None
    """Told when nothing more will be produced."""
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


def empty_cache(rows: int, slots: int) -> Array:
    """Room for keys and values, [rows, layers x 2, heads, slots, head width]."""
    return np.zeros((rows, CACHE_SHAPE[0], CACHE_SHAPE[1], slots, HEAD_WIDTH), np.float32)


def first_inputs(rows: Sequence[Row]) -> tuple[Array, Array, Array, Array]:
    """What the call that reads these prompts is given.

    `past` has one slot, not filled: an empty tensor is refused by some of Triton's backends.
    """
    longest = max(len(row.prompt) for row in rows) + 1
    tokens = np.zeros((len(rows), longest), np.int32)
    padding = np.zeros((len(rows), 1), np.int32)
    for index, row in enumerate(rows):
        start = longest - 1 - len(row.prompt)
        tokens[index, start:] = [BEGIN, *row.prompt]
        padding[index] = start
    return tokens, empty_cache(len(rows), 1), np.zeros((len(rows), 1), np.int32), padding


def choose(logits: Array, rows: Sequence[Row]) -> Array:
    """Greedy: the likeliest next token of each row that repeats nothing; begin is never one."""
    allowed = np.array(logits)
    allowed[:, BEGIN] = -np.inf
    for index, row in enumerate(rows):
        allowed[index, row.repeats()] = -np.inf
    return np.asarray(allowed.argmax(axis=-1), np.int32)


def parted(ascending: Sequence[Row], cost: Callable[[int, int], float]) -> list[Sequence[Row]]:
    """Rows in the order of their prompts' lengths, cut into the neighbours that cost least together; longest first."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(ascending) + 1):
        best.append(min((best[start][0] + cost(start, end), start) for start in range(end)))
    groups: list[Sequence[Row]] = []
    end = len(ascending)
    while end:
        start = best[end][1]
        groups.append(ascending[start:end])
        end = start
    return groups


def read_together(ascending: Sequence[Row]) -> list[Sequence[Row]]:
    """Prompts to be read in one call each, all padded to the longest; the cost is in tokens."""
    lengths = [len(row.prompt) + 1 for row in ascending]
    return parted(ascending, lambda start, end: CALL_TOKENS + (end - start) * lengths[end - 1])


def written_together(ascending: Sequence[Row]) -> list[Sequence[Row]]:
    """Answers to be written in lock-step: the longest answer decides how many calls, the longest prompt how wide."""
    lengths = [len(row.prompt) + 1 for row in ascending]
    limits = [row.limit for row in ascending]
    written = [0, *itertools.accumulate(limits)]
    own_slots = [0.0, *itertools.accumulate(limit * limit / 2 for limit in limits)]

    def cost(start: int, end: int) -> float:
        slots = (written[end] - written[start]) * lengths[end - 1] + own_slots[end] - own_slots[start]
        return CALL_TOKENS * max(limits[start:end]) + SLOT_TOKENS * slots

    return parted(ascending, cost)


@dataclass
class Cache:
    """Keys and values of a batch in one array with room to grow: all that a step adds is written, nothing is moved."""

    slots: Array
    filled: int
    padding: Array
    """[rows, 1]: slots at the left that a row does not use."""

    @classmethod
    def of(cls, added: Sequence[Array], lengths: Sequence[int]) -> Cache:
        """What was read in several calls, as one batch: the ends of all prompts in the same slot."""
        filled = max(lengths)
        slots = empty_cache(len(lengths), filled + GROWTH_SLOTS)
        first = 0
        for part in added:
            slots[first : first + len(part), :, :, filled - part.shape[3] : filled] = part
            first += len(part)
        return cls(slots, filled, np.array([[filled - length] for length in lengths], np.int32))

    def append(self, added: Array) -> None:
        """Put a token's part behind each row."""
        if self.filled == self.slots.shape[3]:
            self.slots = np.concatenate([self.slots, empty_cache(len(self.slots), GROWTH_SLOTS)], axis=3)
        self.slots[:, :, :, self.filled] = added[:, :, :, 0]
        self.filled += 1

    def leave(self, index: int) -> None:
        """Take one row out: the last one takes its place."""
        self.slots[index], self.padding[index] = self.slots[-1], self.padding[-1]
        self.slots, self.padding = self.slots[:-1], self.padding[:-1]

    def narrow(self) -> None:
        """Drop slots that only rows which left have used, once they are worth the copy."""
        unused = int(self.padding.min())
        if unused >= GROWTH_SLOTS:
            self.slots = np.ascontiguousarray(self.slots[:, :, :, unused:])
            self.padding, self.filled = self.padding - unused, self.filled - unused


def read_prompts(rows: Sequence[Row], core: Core) -> tuple[list[Row], Array, Cache]:
    """The rows, longest prompt first, logits after their prompts and what was read; rows of like length in one call."""
    groups = read_together(rows)
    read = [core(*first_inputs(group)) for group in groups]
    ordered = [row for group in groups for row in group]
    cache = Cache.of([added for _, added in read], [len(row.prompt) + 1 for row in ordered])
    return ordered, np.concatenate([logits for logits, _ in read]), cache


def decode(rows: Sequence[Row], core: Core) -> None:
    """Fill `produced` of every row; an answer that ended by itself ends with END."""
    for group in written_together(sorted(rows, key=lambda row: len(row.prompt))):
        decode_together(group, core)


def decode_together(rows: Sequence[Row], core: Core) -> None:
    """One batch, in lock-step."""
    active, logits, cache = read_prompts(rows, core)
    for step in itertools.count():
        chosen = choose(logits, active)
        asks = step % CANCEL_STEPS == 0
        for index in reversed(range(len(active))):
            row = active[index]
            row.cancelled = asks and row.is_cancelled()
            if row.cancelled or not row.take(int(chosen[index])):
                active[index], chosen[index] = active[-1], chosen[-1]
                active, chosen = active[:-1], chosen[:-1]
                cache.leave(index)
                row.on_end()
        if not active:
            return
        cache.narrow()
        filled = np.full((len(active), 1), cache.filled, np.int32)
        logits, added = core(chosen[:, None], cache.slots, filled, cache.padding)
        cache.append(added)


def as_rectangle(rows: Sequence[Row]) -> Array:
    """Answers of one request as one tensor, shorter ones filled up with END."""
    longest = max(len(row.produced) for row in rows)
    answer = np.full((len(rows), longest), END, np.int32)
    for index, row in enumerate(rows):
        answer[index, : len(row.produced)] = row.produced
    return answer
