"""The work of reference models against what their authors publish, and against the repository's own card."""

from __future__ import annotations

import pytest

from aigc.catalog.model_work import ModelWork, Unit, UnitWork
from aigc.catalog.reference.architectures import (
    ARCHITECTURES,
    BERT_BASE,
    DIT_XL_2,
    GPT_CORE,
    LLAMA_8B,
    TINY_LLAMA,
    WHISPER_LARGE,
    Transformer,
)
from aigc.catalog.reference.work import work_of
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.repository import read_model
from scripts.model.shape import SHAPE


def unit(work: ModelWork, name: Unit) -> UnitWork:
    found = work.unit(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("architecture", "published"),
    [
        (LLAMA_8B, 8.03e9),
        (TINY_LLAMA, 1.1e9),
        (DIT_XL_2, 675e6),
        (BERT_BASE, 110e6),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_parameters_are_those_of_the_papers(architecture: Transformer, published: float) -> None:
    parameters = work_of(architecture).weight_bytes / architecture.number_bytes
    assert parameters == pytest.approx(published, rel=0.01)


def test_a_picture_takes_the_operations_that_the_paper_counts() -> None:
    # 524.60 G for DiT-XL/2 at 512 x 512 (arXiv 2212.09748, table 6), where a multiplication with its addition is one.
    work = unit(work_of(DIT_XL_2), Unit.PIXEL_STEP)
    assert work.flops * DIT_XL_2.pixels + work.flops_per_step == pytest.approx(2 * 524.60e9, rel=0.01)


def test_the_example_is_the_one_of_the_repository() -> None:
    assert (GPT_CORE.vocabulary, GPT_CORE.width, GPT_CORE.layers) == (SHAPE.vocabulary, SHAPE.width, SHAPE.layers)
    assert (GPT_CORE.heads, GPT_CORE.hidden, GPT_CORE.context) == (SHAPE.heads, SHAPE.hidden, SHAPE.context)
    model, faults = read_model(MODEL_REPOSITORY, "gpt_core")
    assert model is not None, faults
    stated, derived = model.card.work, work_of(GPT_CORE)
    assert stated is not None
    assert derived.weight_bytes == stated.weight_bytes
    assert derived.layers == stated.layers
    assert derived.kv_cache_bytes_per_token == stated.kv_cache_bytes_per_token
    stated_out, derived_out = unit(stated, Unit.TOKEN_OUT), unit(derived, Unit.TOKEN_OUT)
    assert derived_out.flops_per_context_token == stated_out.flops_per_context_token
    # Its graph turns queries and keys by matrices of 32 x 32, where PyTorch multiplies element by element.
    turning = 2 * GPT_CORE.layers * 2 * GPT_CORE.heads * GPT_CORE.head_width**2
    assert derived_out.flops == stated_out.flops - turning
    turned_bytes = GPT_CORE.number_bytes * GPT_CORE.layers * 4 * GPT_CORE.width
    assert derived_out.activation_bytes == stated_out.activation_bytes - turned_bytes


def test_reading_by_positions_adds_up_to_a_window() -> None:
    # By hand: 1500 positions x (2 x 32 x 12 x 1280^2 + 1500 x 32 x 4 x 1280) and convolutions of
    # 3000 x 2 x 128 x 3 x 1280 + 1500 x 2 x 1280 x 3 x 1280.
    work = unit(work_of(WHISPER_LARGE), Unit.AUDIO_SECOND)
    assert work.flops * WHISPER_LARGE.window_seconds == pytest.approx(2.27377152e12, rel=1e-9)


def test_names_are_distinct() -> None:
    assert len({one.name for one in ARCHITECTURES}) == len(ARCHITECTURES)
