"""What each reference model computes and moves, from the numbers of its architecture alone.

Counted is every product of matrices. Norms, biases and what else is element by element are left out: they are less
than a hundredth of the FLOPs, and a kernel takes them along.
"""

from __future__ import annotations

from functools import singledispatch

from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.catalog.reference.architectures import Decoder, Denoiser, SpeechEncoder, TextEncoder, Transformer

PRECISIONS = {"float32": Precision.FP32, "float16": Precision.FP16_BF16, "bfloat16": Precision.FP16_BF16}


@singledispatch
def work_of(architecture: Transformer) -> ModelWork:
    """The work of a model, as `work.yaml` states it of those in the repository."""
    raise NotImplementedError(architecture)


@work_of.register
def _(architecture: Decoder) -> ModelWork:
    a = architecture
    head = a.vocabulary * a.width
    head_bytes = a.number_bytes * (a.width + a.vocabulary)
    return ModelWork(
        precision=PRECISIONS[a.dtype],
        layers=a.layers,
        weight_bytes=a.number_bytes * (a.layers * a.layer_parameters + 2 * head),
        kv_cache_bytes_per_token=a.number_bytes * a.layers * 2 * a.key_width,
        token_in=UnitWork(
            flops=_layers_flops(a),
            # Half: what the mask hides is skipped by the kernels that PyTorch takes.
            flops_per_context_token=_attention_flops(a) / 2,
            activation_bytes=_layers_bytes(a),
            flops_per_step=2 * head,
            activation_bytes_per_step=head_bytes,
        ),
        token_out=UnitWork(
            flops=_layers_flops(a) + 2 * head,
            flops_per_context_token=_attention_flops(a),
            activation_bytes=_layers_bytes(a) + head_bytes,
        ),
    )


@work_of.register
def _(architecture: TextEncoder) -> ModelWork:
    a = architecture
    pooler = a.width**2
    embedded = (a.vocabulary + a.positions) * a.width
    return ModelWork(
        precision=PRECISIONS[a.dtype],
        layers=a.layers,
        weight_bytes=a.number_bytes * (a.layers * a.layer_parameters + embedded + pooler),
        token_in=UnitWork(
            flops=_layers_flops(a),
            flops_per_context_token=_attention_flops(a),
            activation_bytes=_layers_bytes(a),
            flops_per_step=2 * pooler,
            activation_bytes_per_step=a.number_bytes * 2 * a.width,
        ),
    )


@work_of.register
def _(architecture: SpeechEncoder) -> ModelWork:
    a = architecture
    first, second = a.mel_bins * a.kernel_frames * a.width, a.width * a.kernel_frames * a.width
    heard_flops = 2 * (a.frames * first + a.positions * second)
    heard_numbers = a.frames * (a.mel_bins + a.width) + a.frames * a.width + a.positions * a.width
    flops = heard_flops + a.positions * (_layers_flops(a) + a.positions * _attention_flops(a))
    moved_bytes = a.number_bytes * heard_numbers + a.positions * _layers_bytes(a)
    return ModelWork(
        precision=PRECISIONS[a.dtype],
        layers=a.layers,
        weight_bytes=a.number_bytes * (a.layers * a.layer_parameters + first + second + a.positions * a.width),
        audio_second=UnitWork(flops=flops / a.window_seconds, activation_bytes=moved_bytes / a.window_seconds),
    )


@work_of.register
def _(architecture: Denoiser) -> ModelWork:
    a = architecture
    ends = 3 * a.patch_numbers * a.width  # into the width, and out of it twice
    modulation = (a.layers * a.modulations + a.final_modulations) * a.width**2
    condition = a.step_width * a.width + a.width**2 + modulation
    flops = a.patches * (_layers_flops(a) + a.patches * _attention_flops(a) + 2 * ends)
    moved_bytes = a.patches * (_layers_bytes(a) + a.number_bytes * (3 * a.patch_numbers + 2 * a.width))
    parameters = a.layers * a.layer_parameters + condition + ends + (a.classes + a.patches) * a.width
    return ModelWork(
        precision=PRECISIONS[a.dtype],
        layers=a.layers,
        weight_bytes=a.number_bytes * parameters,
        pixel_step=UnitWork(
            flops=flops / a.pixels,
            activation_bytes=moved_bytes / a.pixels,
            flops_per_step=2 * condition,
            activation_bytes_per_step=a.number_bytes * (condition - modulation + modulation / a.width),
        ),
    )


def _layers_flops(a: Transformer) -> int:
    """Of a token in all layers, attention to others left out."""
    return 2 * a.layers * a.layer_parameters


def _attention_flops(a: Transformer) -> int:
    """Of a token in all layers, for each token that it attends to: its score, and its share of the result."""
    return a.layers * 2 * 2 * a.width


def _layers_bytes(a: Transformer) -> int:
    """Of a token in all layers: what goes into each product by weights, and what comes out, once each."""
    attention = a.width + a.attention_in + a.width + a.width
    return a.number_bytes * a.layers * (attention + a.width + a.hidden_in + a.hidden + a.width)
