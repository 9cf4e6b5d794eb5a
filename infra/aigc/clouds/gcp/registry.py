"""A repository of Artifact Registry for the images that a stack's pods pull from its own project and region."""

from __future__ import annotations

import pulumi
from pulumi_gcp.artifactregistry import (
    Repository,
    RepositoryCleanupPolicyArgs,
    RepositoryCleanupPolicyConditionArgs,
    RepositoryDockerConfigArgs,
)
from pulumi_gcp.projects import Service

from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_API = "artifactregistry.googleapis.com"
_UNTAGGED_SECONDS = 14 * 24 * 3600


class ArtifactRepository(Component):
    """All images in one repository; it needs nothing but the project, so it is there minutes before the first node."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, provider: pulumi.ProviderResource | None) -> None:
        super().__init__(name)
        makes = plan.registry.makes if plan.registry else ()
        self.made: tuple[pulumi.Resource, ...] = tuple(self._repository(plan, each, provider) for each in makes)
        """What the right to pull from it comes after."""
        self.done({})

    def _repository(self, plan: StackPlan, name: str, provider: pulumi.ProviderResource | None) -> Repository:
        # Left on at destroy, as the others: another stack of the project may need it.
        api = Service("artifactregistry", service=_API, disable_on_destroy=False, opts=self.child(provider))
        return Repository(
            name,
            repository_id=name,
            project=plan.project,
            location=plan.region,
            format="DOCKER",
            # A tag is a version or a content hash: what it names must stay what it was. So no rule can delete an image
            # that has one, as ECR's does beyond a hundred.
            docker_config=RepositoryDockerConfigArgs(immutable_tags=True),
            cleanup_policies=[_untagged()],
            # A repository goes with all that is in it: a protected stack keeps it.
            deletion_policy="PREVENT" if plan.cluster.deletion_protection else "DELETE",
            labels={"aigc-stack": plan.stack},
            opts=self.child(provider, (api,)),
        )


def _untagged() -> RepositoryCleanupPolicyArgs:
    """What never got a tag is not kept for ever."""
    return RepositoryCleanupPolicyArgs(
        id="untagged",
        action="DELETE",
        condition=RepositoryCleanupPolicyConditionArgs(tag_state="UNTAGGED", older_than=f"{_UNTAGGED_SECONDS}s"),
    )
