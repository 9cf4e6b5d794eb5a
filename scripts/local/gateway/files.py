"""Publishing a configuration to Envoy as files, all of them by one rename.

Why a link: Envoy reads the files again when something is moved into the folder it watches. Each set is written to a
folder of its own and the link `current` is replaced by rename, so Envoy never reads half of a new set, and a killed
controller leaves either the old set or the new one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .clusters import file_name
from .listeners import LISTENERS, listeners
from .routes import XdsSet, translate, version
from .settings import Settings

CURRENT = "current"
_SET_PREFIX = "set-"


def _ordered(resources: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Resources by name: a set must have one version, however it was put together."""
    return [resources[name] for name in sorted(resources)]


def response(resources: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Resources as the file form of a discovery response."""
    return {"version_info": version(resources), "resources": list(resources)}


def versions(xds: XdsSet) -> dict[str, str]:
    """What Envoy must report as loaded for this set: one version for each file but the endpoints'."""
    result = {"lds": version(list(xds.listeners))}
    result.update({f"rds-{name}": version([xds.routes[name]]) for name in sorted(xds.routes)})
    if xds.clusters:  # Envoy 1.40 keeps no version of a cluster list that changed nothing, as an empty one at its start
        result["cds"] = version(_ordered(xds.clusters))
    return result


def documents(xds: XdsSet) -> dict[str, dict[str, Any]]:
    """Every file of a set: path below the set's folder -> content."""
    result = {"cds.json": response(_ordered(xds.clusters)), "lds.json": response(list(xds.listeners))}
    result.update({f"rds-{name}.json": response([xds.routes[name]]) for name in xds.routes})
    result.update({f"eds/{file_name(name)}": response([value]) for name, value in xds.endpoints.items()})
    return result


def publish(xds: XdsSet, xds_dir: Path) -> None:
    """Write a set and make it current. Earlier sets but the last are removed: Envoy may still be reading that one."""
    previous = _current(xds_dir)
    number = 1 + max((_number(path) for path in xds_dir.glob(f"{_SET_PREFIX}*")), default=0)
    folder = xds_dir / f"{_SET_PREFIX}{number}"
    (folder / "eds").mkdir(parents=True)
    for name, content in documents(xds).items():
        (folder / name).write_text(json.dumps(content, sort_keys=True), encoding="utf-8")
    link = xds_dir / ".next"
    link.unlink(missing_ok=True)
    link.symlink_to(folder.name)
    link.replace(xds_dir / CURRENT)
    for old in xds_dir.glob(f"{_SET_PREFIX}*"):
        if old.name not in (folder.name, previous):
            shutil.rmtree(old, ignore_errors=True)


def _number(path: Path) -> int:
    text = path.name.removeprefix(_SET_PREFIX)
    return int(text) if text.isdigit() else 0


def _current(xds_dir: Path) -> str:
    link = xds_dir / CURRENT
    return link.readlink().name if link.is_symlink() else ""


def write_initial(settings: Settings) -> bool:
    """An empty, valid set, unless there is one: a restarted Envoy keeps the last configuration. True if written."""
    if (settings.xds_dir / CURRENT / "cds.json").is_file():
        return False
    settings.xds_dir.mkdir(parents=True, exist_ok=True)
    publish(translate((), {}, (), settings).xds, settings.xds_dir)
    return True


def read_published(settings: Settings) -> XdsSet | None:
    """The set that is current, so that a restarted controller continues from what Envoy runs; None if unreadable."""
    folder = settings.xds_dir / CURRENT
    try:
        clusters = _resources(folder / "cds.json")
        endpoints = [_resources(path)[0] for path in sorted((folder / "eds").glob("*.json"))]
        routes = {name: _resources(folder / f"rds-{name}.json")[0] for name in LISTENERS}
        return XdsSet(
            clusters={str(item["name"]): item for item in clusters},
            endpoints={str(item["cluster_name"]): item for item in endpoints},
            routes=routes,
            listeners=tuple(_resources(folder / "lds.json") or listeners(settings)),
        )
    except (OSError, ValueError, KeyError, IndexError):
        return None


def _resources(path: Path) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["resources"]
    return resources
