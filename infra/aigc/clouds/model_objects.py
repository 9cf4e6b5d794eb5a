"""The files of a model as objects of a bucket: one list, of which each cloud makes resources of its own type."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pulumi

from aigc.plan.content_hash import model_files
from aigc.plan.stack_plan import ModelFolderPlan

PROGRAM = "infra"
"""Folder of the program: both engines start it there, and relative paths of assets begin there."""
REPOSITORY = "model_repository"
KEPT_DAYS = 30
"""How long a file that was deleted or overwritten can be had back."""
UPLOAD_DAYS = 7
"""How long the parts of an upload that never ended are kept, on the clouds that keep them until told."""


@dataclass(frozen=True)
class ModelObject:
    """One file."""

    key: str
    """Where it is in the bucket; the hash in it changes with any byte, so what is there is never written again."""
    path: str
    """Where it is on disk, from the program's folder: the same from every working directory and on every machine."""

    @property
    def source(self) -> pulumi.FileAsset:
        """Its content, which whoever uploads it reads."""
        return pulumi.FileAsset(self.path)


def model_objects(folder: ModelFolderPlan, root: Path) -> Iterator[ModelObject]:
    """Every file of a folder, of the project at `root`; links are followed, as the hash does."""
    for model in folder.models:
        for inside, path in model_files(root / REPOSITORY / model):
            key = f"{folder.prefix}{model}/{inside}"
            yield ModelObject(key, os.path.relpath(path, root / PROGRAM).replace(os.sep, "/"))
