"""Which batches are measured of each architecture, and how each becomes graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

from aigc.catalog.reference.architectures import Decoder, Denoiser, SpeechEncoder, TextEncoder, Transformer
from scripts.measure.decoders import DecoderBatch, DecoderWeights
from scripts.measure.denoisers import DenoiserBatch, DenoiserWeights
from scripts.measure.encoders import SpeechEncoderWeights, TextEncoderWeights
from scripts.measure.parts import Random, Tensor
from scripts.measure.timing import WARM_UPS, Replay

PROMPTS = {8192: (512, 2048), 2048: (512,), 256: (32, 128)}
"""Tokens, by the context of the decoder."""
WRITTEN = 128
"""Tokens of an answer."""
MOST_ANSWERS, MOST_TOKENS = 128, 150_000
"""Of a batch, and of all its prompts: what is computed between the layers must have room too."""
MOST_APART = 0.25
"""Logits by the cache and without it, in 16-bit numbers."""
TEXT_TOKENS = 128
DENOISING_STEPS = 20
SEED = 1


@dataclass(frozen=True)
class Prepared:
    """A batch of like requests, ready to be timed."""

    request: Mapping[str, float]
    """As `aigc.plan.cost_model.request` names its parts."""
    batch: int
    replay: Replay
    result: Tensor
    """What its last graph leaves."""


def doubled(most: int) -> Iterator[int]:
    """1, 2, 4 and so on."""
    return (1 << exponent for exponent in range(most.bit_length()))


@singledispatch
def prepared(architecture: Transformer, random: Random) -> Iterator[Prepared]:
    """Every batch of an architecture; each is prepared when the one before is done with."""
    raise NotImplementedError(architecture)


@prepared.register
def _(architecture: Decoder, random: Random) -> Iterator[Prepared]:
    weights = DecoderWeights(architecture, random)
    apart = DecoderBatch(weights, random, batch=2, read=16, written=2).disagreement()
    if not apart < MOST_APART:
        raise ArithmeticError(f"what is written with the cache is {apart:.2f} off what is read at once")
    for read in PROMPTS[architecture.context]:
        for batch in doubled(min(MOST_ANSWERS, MOST_TOKENS // read)):
            yield from _read_and_written(DecoderBatch(weights, random, batch, read, WRITTEN), batch, read)


def _read_and_written(requests: DecoderBatch, batch: int, read: int) -> Iterator[Prepared]:
    """The first token alone, then the whole answer: a graph a step, each with one more token to attend to."""
    replay = Replay()
    logits = replay.capture(requests.read)
    yield Prepared({"tokens_in": read, "tokens_out": 1}, batch, replay, logits)
    last = read + WRITTEN - 2
    for position in range(read, last + 1):
        # What lies between runs the same kernels.
        warm_ups = WARM_UPS if position in {read, last} else 0
        logits = replay.capture(_writing(requests, position), warm_ups=warm_ups)
    yield Prepared({"tokens_in": read, "tokens_out": WRITTEN}, batch, replay, logits)


def _writing(requests: DecoderBatch, position: int) -> Callable[[], Any]:
    return lambda: requests.write(position)


@prepared.register
def _(architecture: TextEncoder, random: Random) -> Iterator[Prepared]:
    weights = TextEncoderWeights(architecture, random)
    for batch in doubled(256):
        tokens = random.tokens(architecture.vocabulary, batch, TEXT_TOKENS)
        replay = Replay()
        yield Prepared({"tokens_in": TEXT_TOKENS}, batch, replay, replay.capture(lambda: weights.encoded(tokens)))  # noqa: B023 (called before the next one)


@prepared.register
def _(architecture: SpeechEncoder, random: Random) -> Iterator[Prepared]:
    weights = SpeechEncoderWeights(architecture, random)
    request = {"audio_seconds": architecture.window_seconds}
    for batch in doubled(64):
        mel = random.normal(batch, architecture.mel_bins, architecture.frames)
        replay = Replay()
        yield Prepared(request, batch, replay, replay.capture(lambda: weights.encoded(mel)))  # noqa: B023 (as above)


@prepared.register
def _(architecture: Denoiser, random: Random) -> Iterator[Prepared]:
    weights = DenoiserWeights(architecture, random)
    request = {"pixels": architecture.pixels, "pixel_steps": DENOISING_STEPS}
    for batch in doubled(32):
        pictures, replay = DenoiserBatch(weights, random, batch), Replay()
        replay.capture(pictures.begin)
        yield Prepared(request, batch, replay, replay.capture(pictures.denoise, DENOISING_STEPS))
