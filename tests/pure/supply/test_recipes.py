"""Recipes and pins agree with the catalog: a version is one line, and every image that is named can be built."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from aigc.catalog.versions import versions
from scripts.local.images.files import MERGED
from scripts.local.images.ingredients import Pantry, tree
from scripts.local.images.layers import ensure_layer
from scripts.local.images.recipes import recipe_of, recipes
from scripts.local.supply.pins import OTHER_WHEELS, REPOSITORY, debian_request, go_groups, wheel_version
from scripts.local.supply.test_tools import ensure_test_tool
from scripts.progress import Progress


def test_every_image_of_the_catalog_has_a_recipe() -> None:
    assert set(versions().images) <= set(recipes())


def test_every_ingredient_of_a_recipe_is_pinned() -> None:
    for recipe in recipes().values():
        for layer in recipe.layers:
            fields = layer.fields
            for wheel in [*fields.get("wheels", []), *([fields["wheel"]] if "wheel" in fields else [])]:
                assert wheel_version(wheel)
            if layer.kind == "go":
                group = go_groups()[fields["group"]]
                assert set(fields["programs"]) <= {package.rsplit("/", 1)[-1] for package in group.packages}
            if layer.kind == "debian":
                assert debian_request(fields["set"]).packages


def test_go_modules_are_at_the_versions_of_the_catalog() -> None:
    pinned = {row.go_module: row.go_version for row in versions().components.values() if row.go_module}
    groups = {group.module: group.module_version() for group in go_groups().values() if group.module in pinned}
    assert groups == {module: pinned[module] for module in groups}
    assert set(pinned) <= set(groups)


def test_wheels_that_the_program_shares_with_images_are_the_same() -> None:
    requirements = (REPOSITORY / "requirements.txt").read_text().splitlines()
    program = dict(line.partition("#")[0].strip().split("==") for line in requirements if "==" in line)
    for name in ("kubernetes", "PyYAML"):
        assert wheel_version(name) == program[name]


def test_every_image_starts_something_of_its_own() -> None:
    for recipe in recipes().values():
        program = recipe.runtime.entrypoint[0]
        assert program.startswith("/"), recipe.role
        if program.split("/")[1] in MERGED:
            assert recipe.layers[0].name == "base", f"{recipe.role}: only the base layer has the link /bin -> /usr/bin"


def test_an_unknown_role_names_the_way_out() -> None:
    with pytest.raises(UserError, match=r"image role grafana.*images\.yaml"):
        recipe_of("grafana")


def test_an_unpinned_wheel_names_the_way_out() -> None:
    with pytest.raises(UserError, match=f"left-pad.*{OTHER_WHEELS.name}"):
        wheel_version("left-pad")


def test_an_unknown_tool_lists_the_known() -> None:
    with pytest.raises(UserError, match="use one of: amtool, crane, envoy, kubectl, kwok, prometheus-alertmanager, p"):
        ensure_test_tool("docker", Progress(quiet=True))


def test_a_folder_of_ours_loses_links_and_leftovers(tmp_path: Path, progress: Progress) -> None:
    source = tmp_path / "model"
    (source / "1" / "__pycache__").mkdir(parents=True)
    (source / "1" / "__pycache__" / "model.pyc").write_text("x")
    (source / ".hidden").write_text("x")
    (tmp_path / "weights").write_text("weights")
    (source / "1" / "weights").symlink_to(tmp_path / "weights")
    _, stage = tree(source, "models/gpt")
    stage(tmp_path / "out")
    assert [p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()] == [
        "models/gpt/1/weights"
    ]
    assert not (tmp_path / "out" / "models" / "gpt" / "1" / "weights").is_symlink()


def test_the_key_of_a_folder_is_its_content(tmp_path: Path) -> None:
    source = tmp_path / "gateway"
    source.mkdir()
    (source / "a.py").write_text("1")
    first, _ = tree(source, "app")
    (source / "a.py").touch()
    assert tree(source, "app")[0] == first
    (source / "a.py").write_text("2")
    assert tree(source, "app")[0] != first


def test_the_gateway_controller_is_put_where_it_is_started(progress: Progress, tmp_path: Path) -> None:
    recipe = recipe_of("gateway-controller")
    layer = next(layer for layer in recipe.layers if layer.name == "gateway-controller")
    ingredient = Pantry(progress).ingredient(layer)
    ingredient.stage(tmp_path / "staged")
    assert (tmp_path / "staged" / recipe.runtime.folder.lstrip("/") / "gateway" / "__main__.py").is_file()
    assert ensure_layer(ingredient).size > 0
