"""How a model's files reach its pod: in the image, from a bucket, or as an artifact of a registry.

Each kind is the same small value, so that the pod does not know which one it got.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.catalog.faults import fail
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import EndpointPlan, SourceKind, SourcePlan

BAKED_REPOSITORY = "/models"


@dataclass(frozen=True)
class ModelFiles:
    """Where Triton finds its repository, and what the pod needs so that it is there."""

    repository: str
    volumes: tuple[Body, ...] = ()
    mounts: tuple[Body, ...] = ()


def model_files(endpoint: EndpointPlan) -> ModelFiles:
    """The files of an endpoint; a kind that cannot be served yet is refused with the way out."""
    source = endpoint.source
    if source.kind is SourceKind.BAKED:
        return ModelFiles(repository=BAKED_REPOSITORY)
    raise fail(
        f"aigc:stack.models.{endpoint.name}.source",
        f"a model cannot be served from {_words(source)} yet",
        "Leave `source` out: the files are then put into the image",
    )


def _words(source: SourcePlan) -> str:
    return {SourceKind.BUCKET: "a bucket", SourceKind.OCI: "a registry's artifact"}.get(source.kind, source.kind.value)
