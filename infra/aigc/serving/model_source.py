"""How a model's files reach its pod: in the image, from a bucket, or as an artifact of a registry.

Each kind is the same small value, so that the pod does not know which one it got.
"""

from __future__ import annotations

from dataclasses import dataclass

from aigc.catalog.faults import fail
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import EndpointPlan, MountPlan, SourceKind
from aigc.serving.model_volumes import volume_source

REPOSITORY = "/models"
"""Where the files are: those of the image, or what is mounted of the bucket."""
_VOLUME = "models"


@dataclass(frozen=True)
class ModelFiles:
    """Where Triton finds its repository, and what the pod needs so that it is there."""

    repository: str
    volumes: tuple[Body, ...] = ()
    mounts: tuple[Body, ...] = ()


def model_files(endpoint: EndpointPlan) -> ModelFiles:
    """The files of an endpoint.

    Raises:
        UserError: a kind that nothing serves yet; a plan that `resolve` made has none.
    """
    source = endpoint.source
    if source.kind is SourceKind.BAKED:
        return ModelFiles(repository=REPOSITORY)
    if source.mount is not None:
        return _mounted(source.mount, source.content_hash)
    raise fail(
        f"aigc:stack.models.{endpoint.name}.source",
        f"a model of kind {source.kind} cannot be served without a volume that has its files",
        "Leave `source` out: the files are then put into the image",
    )


def _mounted(mount: MountPlan, content_hash: str) -> ModelFiles:
    """The model's folder of the bucket is mounted, and the revision names the hash in it.

    So the volume stays when the files change, and a revision never reads those of another.
    """
    return ModelFiles(
        repository=f"{REPOSITORY}/{content_hash}",
        volumes=({"name": _VOLUME, **volume_source(mount)},),
        mounts=({"name": _VOLUME, "mountPath": REPOSITORY, "readOnly": True},),
    )
