"""Builds the images of a plan: one step an image, and beneath it layers that images share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from aigc.catalog.faults import fail
from aigc.plan.stack_plan import EndpointPlan, SourceKind
from aigc.plan.triton_image import is_runtime
from scripts.local.images.archive import ImageArchive, assemble
from scripts.local.images.ingredients import Pantry, tree
from scripts.local.images.layers import Ingredient, Layer, ensure_layer
from scripts.local.images.recipes import ENDPOINT, Recipe, recipe_of
from scripts.progress import Outcome, Progress

MODEL_FOLDER = "models"
"""Where Triton finds its repository in a baked image: /models."""


def build_images(
    images: Mapping[str, str], endpoints: Sequence[EndpointPlan], repository: Path, progress: Progress
) -> list[ImageArchive]:
    """Build what is missing; the order is that of the arguments."""
    pantry = Pantry(progress)
    built = [_build(recipe_of(role), reference, [], pantry, progress) for role, reference in images.items()]
    for endpoint in endpoints:
        if endpoint.source.kind is SourceKind.BAKED:
            models = model_ingredient(endpoint, repository)
            built.append(_build(recipe_of(ENDPOINT), endpoint.source.image, [models], pantry, progress))
    for image in runtime_images(endpoints):
        built.append(_build(recipe_of(ENDPOINT), image, [], pantry, progress))
    return built


def runtime_images(endpoints: Sequence[EndpointPlan]) -> list[str]:
    """Our image of Triton without a model, once, if an endpoint mounts its files and runs on it."""
    mounted = (endpoint.source.image for endpoint in endpoints if endpoint.source.mount)
    return list(dict.fromkeys(filter(is_runtime, mounted)))


def model_ingredient(endpoint: EndpointPlan, repository: Path) -> Ingredient:
    """The layer of an endpoint's models, each at /models/<model>."""
    missing = [model for model in endpoint.models if not (repository / model / "config.pbtxt").is_file()]
    if missing:
        raise fail(
            f"endpoint {endpoint.name}",
            f"{repository} holds no model {', '.join(missing)} (a folder with a config.pbtxt)",
            "correct `models` in the stack file, or add the folder",
        )
    made = [tree(repository / model, f"{MODEL_FOLDER}/{model}") for model in endpoint.models]

    def stage(folder: Path) -> None:
        for _, stage_model in made:
            stage_model(folder)

    return Ingredient(f"models of {endpoint.name}", ("models", *(part for parts, _ in made for part in parts)), stage)


def _build(
    recipe: Recipe, reference: str, extra: Sequence[Ingredient], pantry: Pantry, progress: Progress
) -> ImageArchive:
    ingredients = [*(pantry.ingredient(layer) for layer in recipe.layers), *extra]
    with progress.step(f"image {reference}") as step:
        layers = [_titled(ingredient, ensure_layer(ingredient), progress) for ingredient in ingredients]
        runtime = recipe.runtime
        environment = {name: value.format(python=pantry.python) for name, value in runtime.environment.items()}
        archive = assemble(reference, layers, replace(runtime, environment=environment))
        step.outcome = Outcome.BUILT if any(layer.made for layer in layers) else Outcome.CACHED
        step.detail = f"{sum(layer.size for layer in layers) / 1e6:.0f} MB in {len(layers)} layers"
    return archive


def _titled(ingredient: Ingredient, layer: Layer, progress: Progress) -> Layer:
    if layer.made:
        progress.note(f"layer {ingredient.title}: {layer.size / 1e6:.1f} MB")
    return layer
