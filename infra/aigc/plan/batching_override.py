"""Batching that a stack file sets in place of a model's config.pbtxt: what it may be, and what Triton then reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2  # type: ignore[import-untyped]

from aigc.catalog.kinds import SourceKind
from aigc.config.problems import Problem
from aigc.config.spec import BatchingSpec, ModelSpec, RequestedMode
from aigc.config.stacks import shown
from aigc.plan.repository import CONFIG, Model, TritonConfig

KEYS = ("max_batch_size", "dynamic", "max_queue_delay_us", "instances")
"""What of config.pbtxt a stack file may state; `TritonConfig` has the same names."""


def in_force(config: TritonConfig, asked: BatchingSpec) -> TritonConfig:
    """What Triton goes by: config.pbtxt, with what the stack file sets in its place."""
    if not asked.override:
        return config
    stated = {key: getattr(asked, key) for key in KEYS if getattr(asked, key) is not None}
    changed = replace(config, **stated)
    # Without a batcher nobody waits, as Triton's own text has no place to say how long.
    return changed if changed.dynamic else replace(changed, max_queue_delay_us=0)


def triton_config(repository: Path, model: Model, asked: BatchingSpec) -> str | None:
    """Text of the config.pbtxt that the pod gets in place of the model's; None: it keeps the model's."""
    if not asked.override:
        return None
    written = model_config_pb2.ModelConfig()
    text_format.Parse((repository / model.name / CONFIG).read_text(encoding="utf-8"), written)
    wanted = in_force(model.config, asked)
    written.max_batch_size = wanted.max_batch_size
    if wanted.instances != model.config.instances:
        del written.instance_group[1:]
        group = written.instance_group[0] if written.instance_group else written.instance_group.add()
        group.count = wanted.instances
    if wanted.dynamic:
        # Empty, it still says that requests are joined.
        written.dynamic_batching.SetInParent()
        written.dynamic_batching.max_queue_delay_microseconds = wanted.max_queue_delay_us
    else:
        written.ClearField("dynamic_batching")
    return str(text_format.MessageToString(written))


def batching_problems(
    path: tuple[str | int, ...], asked: ModelSpec, model: Model, repository: Path
) -> Iterator[Problem]:
    """Values that differ from config.pbtxt where they must not, and those that nothing could put in its place."""
    where, truth = (*path, "batching"), shown(repository / model.name / CONFIG)
    if asked.batching.override:
        yield from _override_problems(where, asked, model, truth)
        return
    for key in KEYS:
        said, is_so = getattr(asked.batching, key), getattr(model.config, key)
        if said is not None and said != is_so:
            yield Problem(
                (*where, key),
                f"says {str(said).lower()}, {truth} says {str(is_so).lower()}",
                "config.pbtxt is what Triton reads: change it there, remove this key, or add override: true",
            )


def _override_problems(where: tuple[str | int, ...], asked: ModelSpec, model: Model, truth: str) -> Iterator[Problem]:
    most = model.config.max_batch_size
    wanted = in_force(model.config, asked.batching)
    if asked.mode is RequestedMode.MANAGED or asked.source.kind is not SourceKind.BAKED:
        problem = "is true, and what a bucket has is served as it is"
        yield Problem((*where, "override"), problem, "change config.pbtxt, or use source: {kind: baked} on the cluster")
    if (wanted.max_batch_size == 0) != (most == 0) or wanted.max_batch_size > most:
        yield Problem(
            (*where, "max_batch_size"),
            f"is {wanted.max_batch_size}, {truth} says {most}: what the model takes at once is known there alone",
            f"name 1 to {most}, or raise it there" if most else "it has no batch dimension: write 0, or remove the key",
        )
    if wanted.dynamic and most == 0:
        yield Problem((*where, "dynamic"), "is true, and the model has no batch dimension", "write false")
    if not wanted.dynamic and asked.batching.max_queue_delay_us:
        problem = "is a wait for requests to join, and dynamic is false"
        yield Problem((*where, "max_queue_delay_us"), problem, "write dynamic: true, or remove it")
