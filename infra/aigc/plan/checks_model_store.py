"""Checks of where a model's files come from, for models on the cluster: what a pod could not start with is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aigc.catalog.kinds import Cloud, SourceKind
from aigc.config.problems import Problem
from aigc.config.spec import ModelSpec, StackSpec
from aigc.config.stacks import shown
from aigc.plan.model_store import CLOUDS_WITH_BUCKETS
from aigc.plan.repository import CONFIG, Model
from aigc.plan.triton_image import image_without_models, missing_in_ours

Where = tuple[str | int, ...]
_NEEDS = {
    SourceKind.BUCKET: "a bucket of a cloud, and its driver that mounts it",
    SourceKind.OCI: "a registry that holds OCI artifacts",
}


def source_problems(
    spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model], repository: Path
) -> Iterator[Problem]:
    """Everything that is wrong with the source of a model on the cluster."""
    source, where = asked.source, (*path, "source")
    if source.kind is SourceKind.BAKED:
        if source.uri is not None:
            yield Problem((*where, "uri"), "means nothing for kind baked: the files are in the image", "remove it")
        return
    if not spec.cloud.makes_nodes:
        problem = f"{source.kind} needs {_NEEDS[source.kind]}; cloud {spec.cloud} has none"
        yield Problem((*where, "kind"), problem, "use kind: baked")
    elif source.kind is SourceKind.OCI:
        problem = f"{source.kind} is not available yet on {spec.cloud}"
        yield Problem((*where, "kind"), problem, "use kind: bucket, or kind: baked and a registry")
    elif spec.cloud not in CLOUDS_WITH_BUCKETS:
        problem = f"{source.kind} is not available yet on {spec.cloud}"
        yield Problem((*where, "kind"), problem, "use kind: baked and a registry")
    else:
        yield from _bucket(spec, path, asked, served, repository)


def _bucket(
    spec: StackSpec, path: Where, asked: ModelSpec, served: Sequence[Model], repository: Path
) -> Iterator[Problem]:
    where = (*path, "source")
    if asked.source.uri is not None:
        problem = "names somebody's bucket, in which the stack gives no pod a right to read"
        yield Problem((*where, "uri"), problem, "remove it: the stack makes a bucket of its own and fills it")
    if spec.cloud is Cloud.AZURE and "__" in str(path[-1]).replace("-", "_"):
        problem = "cannot become the name of a container: Azure takes no two hyphens in a row"
        yield Problem(path, problem, "rename the folder, or use kind: baked")
    if served and image_without_models(spec, repository, served) is None:
        for model, what in missing_in_ours(repository, served):
            yield Problem(
                (*where, "kind"),
                f"{model.name} needs {what}, which our image of Triton has not, and NVIDIA's lacks Python packages of "
                "the others",
                f"use a backend of Triton's own in {shown(repository / model.name / CONFIG)} for what Python runs",
            )
