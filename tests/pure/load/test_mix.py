"""Lengths keep the shape of the trace and fit the model; prompts are the same for a seed and no two alike."""

from __future__ import annotations

from itertools import islice
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aigc.catalog.faults import UserError
from scripts.load.derive_mix import as_yaml, joint_quantiles
from scripts.load.mix import (
    DEFAULT_MIX,
    Trace,
    context_tokens,
    fixed_mix,
    read_trace,
    trace_mix,
    trace_names,
    word_list,
)
from scripts.model.shape import SHAPE
from tests.pure.model.conftest import REPOSITORY
from tests.pure.model.conftest import decode as decode  # noqa: PLC0414 - a fixture


def test_every_mix_can_be_read_and_names_its_source_and_licence() -> None:
    assert DEFAULT_MIX in trace_names()
    for name in trace_names():
        trace = read_trace(name)
        assert trace.license.startswith("CC-BY")
        assert "Splitwise" in trace.cite
        assert len(trace.pairs) == 400


def test_an_unknown_mix_is_told_the_known_ones() -> None:
    with pytest.raises(UserError, match=DEFAULT_MIX):
        read_trace("azure-llm-2023-con")


def test_the_limit_of_the_card_is_that_of_the_model(decode: ModuleType) -> None:
    for model in ("gpt", "gpt_stream", "gpt_handbook"):
        assert context_tokens(model, REPOSITORY) == decode.CONTEXT == SHAPE.context
    assert context_tokens("gpt_core", REPOSITORY) is None
    assert context_tokens("nobody", REPOSITORY) is None


def test_the_scaled_trace_fits_what_the_model_takes_whole(decode: ModuleType) -> None:
    for prompt, output in trace_mix(DEFAULT_MIX, decode.CONTEXT).pairs:
        assert 1 <= prompt <= decode.LONGEST_PROMPT
        assert 1 <= output <= decode.Row([0] * prompt, output).limit


def test_scaling_keeps_the_shape() -> None:
    recorded, scaled = np.array(read_trace(DEFAULT_MIX).pairs), trace_mix(DEFAULT_MIX, 256)
    factor = scaled.facts.scale_factor
    assert scaled.facts.prompt_tokens_mean == pytest.approx(recorded[:, 0].mean() * factor, rel=0.01)
    assert scaled.facts.output_tokens_mean == pytest.approx(recorded[:, 1].mean() * factor, rel=0.01)
    assert trace_mix(DEFAULT_MIX, 1_000_000).pairs == read_trace(DEFAULT_MIX).pairs


def test_the_table_has_the_quantiles_of_the_whole_trace() -> None:
    """Those of the 19,366 rows: context 208, 1020 and 2734 tokens, answers 54, 129 and 424 at p10, p50 and p90."""
    pairs = np.array(read_trace(DEFAULT_MIX).pairs)
    prompts, outputs = np.quantile(pairs, [0.1, 0.5, 0.9], axis=0).T
    assert prompts == pytest.approx([208, 1020, 2734], rel=0.05)
    assert outputs == pytest.approx([54, 129, 424], rel=0.05)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_requests_are_the_same_for_a_seed_and_have_the_lengths_asked_for(seed: int) -> None:
    mix = trace_mix(DEFAULT_MIX, 256)
    requests = [*islice(mix.requests(seed), 20)]
    assert requests == [*islice(mix.requests(seed), 20)]
    assert all((len(r.prompt.encode()), r.max_tokens) in mix.pairs for r in requests)
    assert requests != [*islice(mix.requests(seed + 1), 20)]


def test_prompts_part_early_so_that_no_cache_hides_the_work() -> None:
    prompts = [request.prompt for request in islice(fixed_mix(64, 8, 256).requests(7), 1000)]
    assert len(set(prompts)) == 1000
    assert len({prompt[:16] for prompt in prompts}) > 980
    assert len(set(word_list())) > 400
    assert all(word.isascii() for word in word_list())


@pytest.mark.parametrize(("prompt", "output"), [(0, 4), (4, 0), (255, 1), (200, 56)])
def test_a_length_that_no_request_can_have_is_refused(prompt: int, output: int) -> None:
    with pytest.raises(UserError, match="tokens"):
        fixed_mix(prompt, output, 256)
    assert fixed_mix(254, 1, 256).pairs == ((254, 1),)


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=9, max_size=60))
def test_joint_quantiles_are_rows_of_the_trace(rows: list[tuple[int, int]]) -> None:
    chosen = joint_quantiles(rows, groups=3)
    assert len(chosen) == 9
    assert set(chosen) <= set(rows)


def test_a_derived_file_can_be_read_back() -> None:
    import yaml

    lines = [f"2023-11-16 18:15:46,{row},{row % 7 + 1}" for row in range(1, 801)]
    content = "\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *lines]).encode()
    trace = Trace.model_validate(yaml.safe_load(as_yaml(content)))
    assert (trace.rows, len(trace.pairs)) == (800, 400)
