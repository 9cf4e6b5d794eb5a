"""What the requests of a run look like: lengths from a trace or fixed, and prompts that no cache has seen.

A prompt is text of one byte a token (`tokenizer: bytes`), made of words in random order, so that two prompts part
within their first words and neither an answer cache nor a prefix cache can hide the work.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from aigc.catalog.faults import fail
from aigc.catalog.model_card import ModelCard
from aigc.config.problems import did_you_mean
from aigc.config.stacks import MODEL_REPOSITORY
from scripts.load.settings import MixFacts

MIXES = Path(__file__).parent / "mixes"
DEFAULT_MIX = "azure-llm-2023-conv"
FIXED = "fixed"
MARKS = 1
"""The begin mark takes one token of the context."""


class Trace(BaseModel):
    """A file in scripts/load/mixes: pairs of lengths that stand for a recorded trace, each as likely as any other."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    license: str
    cite: str
    rows: int
    sha256: str
    method: str
    pairs: tuple[tuple[int, int], ...]
    """(prompt tokens, generated tokens)"""


@dataclass(frozen=True)
class Request:
    """One request before it is sent."""

    prompt: str
    max_tokens: int


@dataclass(frozen=True)
class Mix:
    """Lengths to draw from, all equally likely."""

    facts: MixFacts
    pairs: tuple[tuple[int, int], ...]
    """(prompt tokens, output tokens)"""

    def requests(self, seed: int) -> Iterator[Request]:
        """Requests without end, the same for the same seed."""
        # Two streams, so that another choice of words would not change the lengths.
        lengths, words = random.Random(f"lengths {seed}"), random.Random(f"words {seed}")  # noqa: S311 - not secret
        while True:
            prompt_tokens, output_tokens = lengths.choice(self.pairs)
            yield Request(prompt_text(words, prompt_tokens), output_tokens)


def prompt_text(words: random.Random, tokens: int) -> str:
    """Words in random order, cut to exactly `tokens` ASCII bytes."""
    known, parts, length = word_list(), [], 0
    while length < tokens:
        parts.append(words.choice(known))
        length += len(parts[-1]) + 1
    return " ".join(parts).ljust(tokens, ".")[:tokens]


@lru_cache
def word_list() -> tuple[str, ...]:
    """The words prompts are made of."""
    return tuple((MIXES / "words.txt").read_text("ascii").split())


def trace_names() -> tuple[str, ...]:
    """Every mix that comes from a trace."""
    return tuple(sorted(path.stem for path in MIXES.glob("*.yaml")))


@lru_cache
def read_trace(name: str) -> Trace:
    """A trace by its name; a name that has none is a fault listing those that have."""
    if name not in trace_names():
        raise fail(f"--mix {name}", "is no known mix", did_you_mean(name, trace_names(), "mixes"))
    return Trace.model_validate(yaml.safe_load((MIXES / f"{name}.yaml").read_text("utf-8")))


def context_tokens(model: str, repository: Path = MODEL_REPOSITORY) -> int | None:
    """The context of a model by its card; None for a model the repository does not have, or of no such limit."""
    path = repository / model / "model.yaml"
    if not path.is_file():
        return None
    try:
        card: Any = yaml.safe_load(path.read_text("utf-8"))
        return ModelCard.model_validate(card, strict=False).context_tokens
    except (ValidationError, yaml.YAMLError) as broken:
        raise fail(
            str(path), f"is no model card: {broken}", "`python -m scripts validate` names its faults"
        ) from broken


def trace_mix(name: str, context: int) -> Mix:
    """The trace scaled by one factor, so that its longest pair just fits and prompts keep their ratio to answers."""
    trace = read_trace(name)
    room = context - MARKS
    factor = min(1.0, room / max(prompt + output for prompt, output in trace.pairs))
    pairs = tuple(_scaled(prompt, output, factor, room) for prompt, output in trace.pairs)
    return Mix(_facts(name, pairs, factor, f"{trace.source}, {trace.license}"), pairs)


def fixed_mix(prompt_tokens: int, output_tokens: int, context: int | None) -> Mix:
    """Every request as long as every other.

    Raises:
        UserError: no such request exists, or the model would cut or refuse it.
    """
    if prompt_tokens < 1 or output_tokens < 1:
        raise fail(
            "--prompt-tokens, --output-tokens", "are less than 1", "a request reads and writes at least one token"
        )
    if context is not None and prompt_tokens + output_tokens > context - MARKS:
        raise fail(
            "--prompt-tokens, --output-tokens",
            f"are {prompt_tokens} + {output_tokens} tokens, the model's context takes {context - MARKS}",
            "lower one of them; `context_tokens` in the model's model.yaml is the limit",
        )
    pairs = ((prompt_tokens, output_tokens),)
    return Mix(_facts(FIXED, pairs, 1.0, ""), pairs)


def _scaled(prompt: int, output: int, factor: float, room: int) -> tuple[int, int]:
    short = min(max(1, round(prompt * factor)), room - 1)
    return short, min(max(1, round(output * factor)), room - short)


def _facts(name: str, pairs: tuple[tuple[int, int], ...], factor: float, source: str) -> MixFacts:
    prompts, outputs = np.array(pairs).mean(axis=0)
    return MixFacts(
        name=name,
        prompt_tokens_mean=round(float(prompts), 2),
        output_tokens_mean=round(float(outputs), 2),
        scale_factor=round(factor, 6),
        source=source,
    )
