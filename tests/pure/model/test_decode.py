"""The decode loop: each answer is the one its prompt would get alone, and a bad request harms nobody else."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from scripts.model.shape import BEGIN, END, SHAPE
from tests.pure.model.conftest import Array, Core

TEXTS = (
    "The package ",
    "a",
    "You should never ",
    "To install the system, ",
    "Debian",
    "It is",
    "When ",
    "Files in /etc",
)


def answer(decode: ModuleType, core: Core, text: str, tokens: int = 24) -> list[int]:
    row = decode.Row(list(text.encode()), tokens)
    decode.decode([row], core)
    return list(row.produced)


def test_its_measures_are_those_of_the_graph(decode: ModuleType) -> None:
    assert (BEGIN, END, SHAPE.context) == (decode.BEGIN, decode.END, decode.CONTEXT)
    assert (2 * SHAPE.layers, SHAPE.heads) == decode.CACHE_SHAPE
    assert SHAPE.head_width == decode.HEAD_WIDTH


def test_a_batch_gives_every_row_the_answer_it_gets_alone(decode: ModuleType, core: Core) -> None:
    lengths = [5, 40, 24, 1, 64, 33, 24, 12]
    rows = [decode.Row(list(text.encode()), length) for text, length in zip(TEXTS, lengths, strict=True)]
    decode.decode(rows, core)
    assert max(core.batches) >= len(TEXTS) - 1, "prompts of like length are read in one call"
    assert core.batches[-1] < len(TEXTS), "finished rows leave the batch"
    for row, text, length in zip(rows, TEXTS, lengths, strict=True):
        assert row.produced == answer(decode, core, text, length), text


def test_long_and_short_prompts_are_read_apart_and_answered_as_alone(decode: ModuleType, core: Core) -> None:
    texts = ["a", "It is", "When ", "y" * 180, "The package " * 14, "Debian"]
    lengths = [30, 3, 50, 9, 40, 1]
    rows = [decode.Row(list(text.encode()), length) for text, length in zip(texts, lengths, strict=True)]
    decode.decode(rows, core)
    assert max(core.batches) < len(texts)
    for row, text, length in zip(rows, texts, lengths, strict=True):
        assert row.produced == answer(decode, core, text, length), text


def test_reading_apart_costs_no_more_padding_than_it_saves_calls(decode: ModuleType) -> None:
    def sizes(*lengths: int) -> list[int]:
        return [len(group) for group in decode.read_together([decode.Row([1] * n, 4) for n in sorted(lengths)])]

    assert sizes(10, 11, 12, 13) == [4]
    assert sizes(10, 11, 200) == [1, 2], "longest first"
    assert sizes(*[20] * 3, 20 + decode.CALL_TOKENS // 3 - 1) == [4], "padding three rows costs less than a call"
    assert sizes(*[20] * 3, 20 + decode.CALL_TOKENS // 3 + 1) == [1, 3]


def test_different_prompts_get_different_answers(decode: ModuleType, core: Core) -> None:
    assert len({tuple(answer(decode, core, text)) for text in TEXTS}) > len(TEXTS) // 2


def test_the_answer_is_readable_text(decode: ModuleType, core: Core) -> None:
    text = bytes(token for token in answer(decode, core, "The package ", 120) if token != END).decode("ascii")
    letters = sum(character.isalpha() or character == " " for character in text)
    assert letters > 0.8 * len(text)
    assert 2 <= np.mean([len(word) for word in text.split()]) <= 12


def test_it_stops_where_the_context_ends(decode: ModuleType, core: Core) -> None:
    longest = "y" * decode.LONGEST_PROMPT
    assert len(answer(decode, core, longest, 1000)) == 1
    assert len(answer(decode, core, "z" * 250, 1000)) <= 5


def scripted(tokens: list[list[int]]) -> Callable[[Array, Array, Array, Array], tuple[Array, Array]]:
    """A core whose next tokens are given, per step and row."""
    steps = iter(tokens)

    def run(given: Array, past: Array, filled: Array, padding: Array) -> tuple[Array, Array]:
        chosen = next(steps)
        assert len(chosen) == len(given)
        logits = np.zeros((len(chosen), SHAPE.vocabulary), np.float32)
        logits[np.arange(len(chosen)), chosen] = 1.0
        return logits, np.zeros((*past.shape[:3], given.shape[1], past.shape[4]), np.float32)

    return run


def test_end_ends_a_row_and_is_the_last_it_says(decode: ModuleType) -> None:
    rows = [decode.Row([1], 9), decode.Row([2], 9)]
    decode.decode(rows, scripted([[65, 66], [END, 67], [END]]))
    assert [row.produced for row in rows] == [[65, END], [66, 67, END]]
    assert decode.as_rectangle(rows).tolist() == [[65, END, END], [66, 67, END]]


def test_a_cancelled_row_leaves_and_the_others_go_on(decode: ModuleType) -> None:
    asked = iter([False, True])
    steps = decode.CANCEL_STEPS
    ended: list[int] = []
    rows = [
        decode.Row([1], 99, is_cancelled=lambda: next(asked), on_end=lambda: ended.append(0)),
        decode.Row([2], steps + 2, on_end=lambda: ended.append(1)),
    ]
    said = [[65 + step, 97 + step] for step in range(steps + 2)]
    decode.decode(rows, scripted([*said[:-1], said[-1][1:]]))
    assert rows[0].cancelled
    assert rows[0].produced == [first for first, _ in said[:steps]], (
        "asked for at the first token and the one after so many"
    )
    assert rows[1].produced == [second for _, second in said]
    assert not rows[1].cancelled
    assert ended == [0, 1]


def test_no_run_of_bytes_is_said_twice(decode: ModuleType, core: Core) -> None:
    text = "The server The server "
    said = answer(decode, core, text, 200)
    runs = [tuple([*text.encode(), *said][start : start + decode.NO_REPEAT]) for start in range(len(text) + len(said))]
    new = runs[len(text) - decode.NO_REPEAT + 1 : -decode.NO_REPEAT + 1]
    assert len(new) > 20
    assert len(set(new)) == len(new)
    assert not set(new) & set(runs[: len(text) - decode.NO_REPEAT + 1])


def test_begin_is_never_chosen(decode: ModuleType) -> None:
    logits = np.zeros((1, SHAPE.vocabulary), np.float32)
    logits[0, BEGIN], logits[0, 65] = 9.0, 1.0
    assert decode.choose(logits, [decode.Row([1], 1)]).tolist() == [65]
    assert logits[0, BEGIN] == 9.0, "the caller's array stays as it is"


@pytest.mark.parametrize(
    ("prompt", "words"),
    [([], "empty"), ([1] * 300, "300 tokens"), ([65, 256], "256"), ([-1], "-1"), ([65, 70000], "70000")],
)
def test_bad_prompts_are_named(decode: ModuleType, prompt: list[int], words: str) -> None:
    with pytest.raises(decode.BadRequestError, match=words):
        decode.check_prompt(np.array(prompt, np.int32))


def test_max_tokens_has_a_default_and_a_floor(decode: ModuleType) -> None:
    assert decode.check_max_tokens(None) == decode.DEFAULT_MAX_TOKENS
    assert decode.check_max_tokens(3) == 3
    with pytest.raises(decode.BadRequestError, match="at least 1"):
        decode.check_max_tokens(0)
