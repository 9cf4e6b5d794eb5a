"""The part of a plan that only models from buckets have: what the stack puts where, and how a pod gets at it."""

from __future__ import annotations

from pydantic import Field

from aigc.plan.frozen import Frozen


class ModelFolderPlan(Frozen):
    """The files of one model and of those it requires: in a folder of its own, and in that under their hash."""

    endpoint: str
    models: tuple[str, ...]
    """Folders of the model repository, the one that answers first."""
    bucket: str
    """Bucket, on Azure container, that the folder is in."""
    content_hash: str
    uri: str
    """How its cloud writes where the files are; it ends in `<endpoint>/<content hash>/`."""
    files: int
    size_mib: float

    @property
    def folder(self) -> str:
        """What stays when the files change, and is all that their reader may read."""
        return f"{self.endpoint}/"

    @property
    def prefix(self) -> str:
        """What every file's key begins with."""
        return f"{self.folder}{self.content_hash}/"


class ModelStorePlan(Frozen):
    """What the stack fills with model files: buckets of its own."""

    account: str | None
    """Storage account that the containers are in; only on Azure."""
    folders: tuple[ModelFolderPlan, ...]

    @property
    def buckets(self) -> tuple[str, ...]:
        """Each once, in the order of the folders."""
        return tuple(dict.fromkeys(folder.bucket for folder in self.folders))

    def folder_of(self, endpoint: str) -> ModelFolderPlan | None:
        """The folder of an endpoint; None where its files come some other way."""
        return next((folder for folder in self.folders if folder.endpoint == endpoint), None)


class MountPlan(Frozen):
    """How a pod sees the files: a volume of its cloud's CSI driver, read-only."""

    driver: str
    bucket: str
    account: str | None
    folder: str
    """All that is mounted of the bucket."""
    service_account: str
    """Who may read it: the identity of the endpoint's pods."""
    claim: str | None
    """PersistentVolumeClaim that the pod names; None: the pod describes the volume itself."""
    annotations: dict[str, str] = Field(default={})
    """What the driver wants written on the pod."""
    cpu_millicores: int = 0
    """What the driver's own container in the pod requests; 0 where it mounts from outside."""
    memory_mib: int = 0
