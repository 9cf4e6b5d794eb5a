"""Each component's Kubernetes objects, extracted once from its Go module into one file that the program can check.

The file is YAML in which every document is one line of JSON: the same bytes on every machine, and read in milliseconds
where block YAML of 75,000 lines takes seconds. Descriptions of fields in CRDs are left out: they are nine tenths of the
bytes and no machine reads them. `ko://` references to images stay; the program maps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer
import yaml

from aigc.catalog.cache import manifest_path
from aigc.catalog.faults import UserError, fail
from aigc.catalog.versions import component
from scripts.local.supply.modules import module_folders
from scripts.local.supply.pins import LOCAL, go_groups
from scripts.local.supply.store import write_whole
from scripts.local.supply.toolchain import Go, ensure_go
from scripts.progress import Outcome, Progress

UNRELEASED = ("devel", "latest")
FIRST_KINDS = ("Namespace", "CustomResourceDefinition")
"""What others need comes first, as upstream's release does it with a file of its own."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads what Go's YAML reads: a lone `=` and a date are text. In C where it can: 2 s where Python takes 20."""


for _tag in ("value", "timestamp"):
    _Loader.add_constructor(f"tag:yaml.org,2002:{_tag}", lambda loader, node: node.value)


def ensure_manifests(progress: Progress) -> list[Path]:
    """Extract every manifest that is missing or differs from its pinned sum; downloads modules, builds nothing."""
    recipes = yaml.safe_load((LOCAL / "manifests.yaml").read_text())
    return [_ensure(name, recipe, progress) for name, recipe in recipes.items()]


def _ensure(name: str, recipe: dict[str, Any], progress: Progress) -> Path:
    row = component(name)
    path = manifest_path(name, row.version)
    with progress.step(f"manifest {name} {row.version}") as step:
        if path.is_file() and row.manifest_sha256 == _sum(path.read_bytes()):
            step.outcome = Outcome.CACHED
            return path
        content = _extract(recipe, row.version, ensure_go(progress))
        check_sum(name, row.version, row.manifest_sha256, content)
        write_whole(path, content)
        step.outcome, step.detail = Outcome.BUILT, f"{len(content) // 1024} KiB, sha256 {_sum(content)}"
    return path


def check_sum(name: str, version: str, expected: str | None, content: bytes) -> None:
    """Refuse content whose sum is not the pinned one; a pin that is not written yet is for its reader to refuse."""
    if expected is not None and _sum(content) != expected:
        raise fail(
            f"infra/aigc/catalog/versions.yaml: components.{name}.manifest_sha256",
            f"{name} {version} as extracted from its Go module has sha256 {_sum(content)}, the pin says {expected}",
            "if the version or k8s/local/manifests.yaml was changed on purpose, write the new sum there",
        )


def _extract(recipe: dict[str, Any], version: str, go: Go) -> bytes:
    group = go_groups()[recipe["group"]]
    patches: dict[str, str] = recipe.get("patches", {})
    modules = {entry.split(":", 1)[0] for entry in [*recipe["files"], *patches.values()]}
    folders = module_folders(group, sorted(modules), go)
    files: list[Path] = []
    for entry in recipe["files"]:
        files += [path for path in _matches(entry, folders) if path not in files]
    wanted = [path for path in files if path.name not in recipe.get("never", ())]
    # A patch file is one document: a list of operations.
    changes = {name: [*chain.from_iterable(documents(_matches(entry, folders)))] for name, entry in patches.items()}
    return join(patched(documents(wanted), changes), version)


def _matches(entry: str, folders: Mapping[str, Path]) -> list[Path]:
    module, pattern = entry.split(":", 1)
    found = sorted(folders[module].glob(pattern))
    if not found:
        raise fail(f"k8s/local/manifests.yaml: {entry}", "no file matches", "mend the pattern")
    return found


def patched(objects: Iterable[dict[str, Any]], patches: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """The objects, with each definition changed by the JSON patch (RFC 6902) of its name.

    Raises:
        UserError: a patch names no object, or does not fit it.
    """
    found = list(objects)
    named = {item["metadata"]["name"] for item in found if item["kind"] == "CustomResourceDefinition"}
    if missing := sorted(set(patches) - named):
        raise _wrong_patch(", ".join(missing), "no definition of that name is in `files`")
    return [_patched(item, patches) for item in found]


def _patched(item: dict[str, Any], patches: Mapping[str, list[Any]]) -> dict[str, Any]:
    name = item["metadata"]["name"]
    patch = patches.get(name) if item["kind"] == "CustomResourceDefinition" else None
    if patch is None:
        return item
    try:
        return dict(jsonpatch.apply_patch(item, patch))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise _wrong_patch(name, str(error)) from error


def _wrong_patch(name: str, reason: str) -> UserError:
    return fail(f"k8s/local/manifests.yaml: patches: {name}", reason, "take the patches of this very version")


def documents(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Every object of the files, in order."""
    for path in files:
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader):
            if document:
                yield document


def join(objects: Iterable[dict[str, Any]], version: str) -> bytes:
    """One file of all objects; the same objects give the same bytes."""
    ordered = sorted(objects, key=lambda item: _rank(item["kind"]))
    lines = []
    for item in ordered:
        if item["kind"] == "CustomResourceDefinition":
            _strip_descriptions(item["spec"]["versions"])
        _label_version(item, version)
        lines.append("---\n" + json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")
    return "".join(lines).encode()


def _rank(kind: str) -> int:
    return FIRST_KINDS.index(kind) if kind in FIRST_KINDS else len(FIRST_KINDS)


def _strip_descriptions(node: Any) -> None:
    """Remove the descriptions of schemas; a field that is itself called `description` is a mapping and stays."""
    if isinstance(node, dict):
        if isinstance(node.get("description"), str):
            del node["description"]
        for value in node.values():
            _strip_descriptions(value)
    elif isinstance(node, list):
        for value in node:
            _strip_descriptions(value)


def _label_version(node: Any, version: str) -> None:
    """Write the version into labels that say `devel` or `latest`, as upstream's release scripts do."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "app.kubernetes.io/version" and value in UNRELEASED:
                node[key] = version
            else:
                _label_version(value, version)
    elif isinstance(node, list):
        for value in node:
            _label_version(value, version)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
