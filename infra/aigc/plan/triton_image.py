"""The image of Triton for models whose files are not in it: its maker's, or one of ours where Python needs more.

NVIDIA's has every backend, and of Python packages NumPy alone; ours has the Python backend alone, with the packages
that the models here use. Both start with whatever repository is mounted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aigc.catalog.versions import versions
from aigc.config.spec import StackSpec
from aigc.plan.components import own_registry
from aigc.plan.content_hash import content_hash
from aigc.plan.python_imports import PYTHON_BACKEND, missing_packages
from aigc.plan.repository import Model

RUNTIME = "triton"
"""Name of our image in the registry; the tag is the hash of what is in it."""
_BACKENDS_OWN = "triton_python_backend_utils"
"""What the Python backend itself brings."""


def runtime_pins() -> dict[str, str]:
    """Wheels inside our image of Triton, with or without models."""
    return {wheel: versions().wheels[wheel] for wheel in versions().triton_wheels}


def is_runtime(image: str) -> bool:
    """Whether an image is ours without models, which `images push` makes."""
    return image.rpartition(":")[0].rpartition("/")[2] == RUNTIME


def image_without_models(spec: StackSpec, repository: Path, served: Sequence[Model]) -> str | None:
    """The image for these models, NVIDIA's if it will do; None where neither can load all of them."""
    upstream = versions().upstream_images[RUNTIME]
    if not missing_packages(repository, served, (*upstream.python_packages, _BACKENDS_OWN)):
        return upstream.pinned()
    if missing_in_ours(repository, served):
        return None
    return f"{own_registry(spec)}/{RUNTIME}:{content_hash(repository, (), runtime_pins())}"


def missing_in_ours(repository: Path, served: Sequence[Model]) -> list[tuple[Model, str]]:
    """Models that our image cannot load, each with the package or the backend that it has not."""
    packages = missing_packages(repository, served, (*versions().triton_wheels, _BACKENDS_OWN))
    backends = [(one, one.config.backend or "a backend") for one in served if one.config.backend != PYTHON_BACKEND]
    return [*packages, *backends]
