"""From the rows of a recipe to files: what each kind of layer is made of, and the key that tells its content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from aigc.catalog.faults import fail
from aigc.plan.repository import WORK
from scripts.local.images.accounts import add_accounts, bundle_certificates
from scripts.local.images.bytecode import add_bytecode
from scripts.local.images.files import copy_file, copy_tree, move, omitter, unzip
from scripts.local.images.layers import Ingredient
from scripts.local.images.recipes import SOURCE, LayerSpec
from scripts.local.supply.debian import Unpacked, ensure_debian
from scripts.local.supply.go_build import ensure_group
from scripts.local.supply.pins import REPOSITORY, debian_request, wheel_version
from scripts.local.supply.store import content_key
from scripts.local.supply.wheels import ensure_wheel
from scripts.progress import Progress

PYTHON_SET = "python"
IGNORED = ("__pycache__", "*.pyc", ".*", WORK)
"""What no pod needs, as in the hash by which an image is called (`aigc.plan.content_hash`)."""


@dataclass
class Pantry:
    """Everything layers are made of, got once per run."""

    progress: Progress
    _debian: dict[str, Unpacked] = field(default_factory=dict)
    _groups: dict[str, Path] = field(default_factory=dict)

    @property
    def python(self) -> str:
        """The minor of the image's Python: that of the host's Debian release."""
        version = self.debian(PYTHON_SET).versions["python3-minimal"]
        return ".".join(version.split(".")[:2])

    def debian(self, name: str) -> Unpacked:
        """An unpacked set of packages."""
        if name not in self._debian:
            request = debian_request(name)
            if any("{python}" in package for package in request.packages):
                packages = tuple(package.format(python=self.python) for package in request.packages)
                request = replace(request, packages=packages)
            self._debian[name] = ensure_debian(name, request, self.progress)
        return self._debian[name]

    def group(self, name: str) -> Path:
        """The built binaries of a Go group."""
        if name not in self._groups:
            self._groups[name] = ensure_group(name, self.progress)
        return self._groups[name]

    def ingredient(self, layer: LayerSpec) -> Ingredient:
        """What a row of the recipes is made of."""
        makers = {"debian": self._of_debian, "go": self._of_go, "wheels": self._of_wheels, "files": self._of_files}
        if layer.kind not in makers:
            raise fail(
                f"{SOURCE}: layers.{layer.name}", f"unknown kind {layer.kind}", f"use one of {', '.join(makers)}"
            )
        parts, stage = makers[layer.kind](layer)
        return Ingredient(layer.name, (layer.kind, repr(sorted(layer.fields.items())), *parts), stage)

    def _of_debian(self, layer: LayerSpec) -> Made:
        unpacked, python = self.debian(layer.fields["set"]), self.debian(PYTHON_SET)
        omit = omitter(layer.fields.get("omit", []))

        def stage(folder: Path) -> None:
            copy_tree(unpacked.root, folder, omit)
            if layer.fields.get("accounts"):
                add_accounts(folder)
            if layer.fields.get("certificates"):
                bundle_certificates(folder, layer.name)
            _link(folder, layer.fields.get("links", {}))
            if "compile" in layer.fields:
                add_bytecode(folder, layer.fields["compile"].format(python=self.python), python.root, self.python)

        return (unpacked.key, python.key if "compile" in layer.fields else ""), stage

    def _of_go(self, layer: LayerSpec) -> Made:
        programs, binaries = layer.fields["programs"], self.group(layer.fields["group"])

        def stage(folder: Path) -> None:
            for name, target in programs.items():
                copy_file(binaries / name, folder / target.lstrip("/"))

        return (binaries.name,), stage

    def _of_wheels(self, layer: LayerSpec) -> Made:
        names, python = layer.fields["wheels"], self.python
        omit, to = omitter(layer.fields.get("omit", [])), layer.fields["to"].format(python=python)

        def stage(folder: Path) -> None:
            for name in names:
                unzip(ensure_wheel(name, python), folder / to, lambda path: None if omit(path) else path)
            add_bytecode(folder, to, self.debian(PYTHON_SET).root, python)

        pins = [f"{name}=={wheel_version(name)}" for name in names]
        return (python, self.debian(PYTHON_SET).key, *pins), stage

    def _of_files(self, layer: LayerSpec) -> Made:
        fields = layer.fields
        if "repository" in fields:
            return tree(REPOSITORY / fields["repository"], fields["to"])
        paths = {source.format(python=self.python): target.lstrip("/") for source, target in fields["paths"].items()}
        omit = omitter(fields.get("omit", []))

        def stage(folder: Path) -> None:
            if "wheel" in fields:
                unzip(ensure_wheel(fields["wheel"], self.python), folder, lambda p: None if omit(p) else move(p, paths))
            else:
                for source, target in paths.items():
                    copy_file(self.debian(fields["debian"]).root / source, folder / target)
            for path in (path for pattern in fields.get("executable", []) for path in folder.glob(pattern)):
                path.chmod(0o755)
            _link(folder, fields.get("links", {}))

        pin = self.debian(fields["debian"]).key if "debian" in fields else wheel_version(fields["wheel"])
        return (self.python, pin), stage


Made = tuple[tuple[str, ...], Callable[[Path], None]]


def tree(source: Path, to: str) -> Made:
    """A folder of ours; links are followed, because what they point to is not in the image."""
    files = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.is_file()}
    files = {name: path for name, path in files.items() if not any(_ignored(part) for part in name.split("/"))}
    if not files:
        raise fail(str(source), "there is nothing in it to put into an image", "check the path and the checkout")
    sums = [f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for name, path in files.items()]

    def stage(folder: Path) -> None:
        for name, path in files.items():
            copy_file(path, folder / to / name)

    return (to, content_key(sums)), stage


def _link(folder: Path, links: Mapping[str, str]) -> None:
    for name, target in links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)


def _ignored(part: str) -> bool:
    return any(fnmatchcase(part, pattern) for pattern in IGNORED)
