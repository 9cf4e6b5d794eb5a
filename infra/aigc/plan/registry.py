"""Which registry a stack makes: the one its key `registry` names, where that is a place of the stack's own.

Its own is what lies in its account or project and its region; on Azure, whose registries say neither, one without
`registry_resource_group`. Any other is somebody else's to make, and nodes get the right to pull from it alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from aigc.catalog.kinds import Cloud
from aigc.config.spec import StackSpec
from aigc.plan.azure import registry_name
from aigc.plan.registry_plan import RegistryPlan
from aigc.plan.stack_plan import EndpointPlan

ARTIFACT_DOMAIN = "-docker.pkg.dev"
"""Hosts of Artifact Registry: a region, or a continent of several, and this."""


def registry_plan(
    spec: StackSpec, platform: Mapping[str, str], endpoints: Iterable[EndpointPlan]
) -> RegistryPlan | None:
    """Of a stack with these images of the platform's, by role, and these endpoints; None where it makes none."""
    if spec.registry is None or spec.cloud not in _MAKES:
        return None
    pulled = (*platform.values(), *(endpoint.source.image for endpoint in endpoints))
    makes = _MAKES[spec.cloud](spec, spec.registry, pulled)
    return RegistryPlan(address=spec.registry, makes=makes) if makes else None


def _ecr_repositories(spec: StackSpec, _: str, images: Iterable[str]) -> tuple[str, ...]:
    own = f"{spec.account}.dkr.ecr.{spec.region}.amazonaws.com/"
    ours = (image.removeprefix(own) for image in images if image.startswith(own))
    return tuple(sorted({re.split("[:@]", name)[0] for name in ours}))


def _artifact_repository(spec: StackSpec, address: str, _: Iterable[str]) -> tuple[str, ...]:
    own = f"{spec.region}{ARTIFACT_DOMAIN}/{spec.project}/"
    return (address.removeprefix(own).partition("/")[0],) if address.startswith(own) else ()


def _azure_registry(spec: StackSpec, address: str, _: Iterable[str]) -> tuple[str, ...]:
    name = registry_name(address)
    return (name,) if name and spec.registry_resource_group is None else ()


_MAKES: dict[Cloud, Callable[[StackSpec, str, Iterable[str]], tuple[str, ...]]] = {
    Cloud.AWS: _ecr_repositories,
    Cloud.GCP: _artifact_repository,
    Cloud.AZURE: _azure_registry,
}
