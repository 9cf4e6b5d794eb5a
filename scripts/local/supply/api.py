"""The face of the supply: what `up`, the cluster and tests ask for, so that only it knows where things come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aigc.plan.stack_plan import EndpointPlan
from scripts.local.images.archive import ImageArchive
from scripts.local.images.build import build_images
from scripts.local.images.importer import import_images
from scripts.local.supply.host_tools import HostTools, ensure_host_tools
from scripts.local.supply.manifests import ensure_manifests
from scripts.local.supply.test_tools import Browser, ensure_browser, ensure_test_tool
from scripts.progress import Progress

__all__ = [
    "Browser",
    "HostTools",
    "ImageArchive",
    "ensure_browser",
    "ensure_host_tools",
    "ensure_images",
    "ensure_manifests",
    "ensure_test_tool",
    "import_images",
]


def ensure_images(
    images: Mapping[str, str], endpoints: Sequence[EndpointPlan], repository: Path, progress: Progress
) -> list[ImageArchive]:
    """Build every image of the platform and of the endpoints that is not in the cache.

    Args:
        images: role -> reference; also `pause`, which the node itself needs.
        endpoints: the endpoints of the plan; those whose source is `baked` get an image of their own.
        repository: the folder that holds the models (`model_repository`).
        progress: where steps are announced.
    """
    return build_images(images, endpoints, repository, progress)
