"""The part of a plan that says which registry for images a stack makes."""

from __future__ import annotations

from aigc.plan.frozen import Frozen


class RegistryPlan(Frozen):
    """A place for images that comes and goes with the stack."""

    address: str
    """What `images push` fills and nodes pull from, the key `registry` of the stack file."""
    makes: tuple[str, ...]
    """Names of what the cloud is asked for: repositories of ECR, one an image; a repository of Artifact Registry; a
    container registry of Azure."""
