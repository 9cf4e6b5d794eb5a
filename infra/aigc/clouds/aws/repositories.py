"""Repositories of ECR for the images that a stack's pods pull from its own account and region."""

from __future__ import annotations

import json
import re
from typing import Any

import pulumi
from pulumi_aws.ecr import LifecyclePolicy, Repository, RepositoryImageScanningConfigurationArgs

from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_IMAGE = re.compile(r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<name>[^:@]+)")
_UNTAGGED_DAYS = 14
_MOST_IMAGES = 100
"""A version can be gone back to while it is among so many; each is a content hash, so none is pushed twice."""


def in_ecr(image: str) -> bool:
    """Whether an image is pulled from ECR, anybody's."""
    return _IMAGE.match(image) is not None


def arn_of(image: str) -> str:
    """ARN of the repository of an image in ECR."""
    found = _IMAGE.match(image)
    if found is None:
        raise ValueError(f"{image} is not in ECR")
    return f"arn:aws:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def lifecycle() -> str:
    """What is kept: not for ever what lost its tag, nor more images than anybody goes back to."""
    return json.dumps(
        {
            "rules": [
                _expire(1, "untagged", countType="sinceImagePushed", countUnit="days", countNumber=_UNTAGGED_DAYS),
                _expire(2, "any", countType="imageCountMoreThan", countNumber=_MOST_IMAGES),
            ]
        },
        sort_keys=True,
    )


def _expire(priority: int, tags: str, **count: Any) -> dict[str, Any]:
    return {"rulePriority": priority, "selection": {"tagStatus": tags, **count}, "action": {"type": "expire"}}


class EcrRepositories(Component):
    """One repository an image; they need nothing but the account, so they are there minutes before the first node."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, provider: pulumi.ProviderResource | None) -> None:
        super().__init__(name)
        self.made: tuple[pulumi.Resource, ...] = tuple(
            self._repository(plan, repository, provider)
            for repository in (plan.registry.makes if plan.registry else ())
        )
        """What pods that pull from them come after."""
        self.done({})

    def _repository(self, plan: StackPlan, name: str, provider: pulumi.ProviderResource | None) -> Repository:
        repository = Repository(
            name,
            name=name,
            # A tag is a version or a content hash: what it names must stay what it was.
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            # A protected stack keeps its images: ECR refuses to delete a repository that holds any.
            force_delete=not plan.cluster.deletion_protection,
            opts=self.child(provider),
        )
        LifecyclePolicy(name, repository=repository.name, policy=lifecycle(), opts=self.child(provider))
        return repository
