"""What the real engine's providers do to inputs before they reach the printed state, and that is no disagreement.

Each rule was seen in a run of the real engine beside ours; anything not listed here is reported.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from scripts.engine.differences import ABSENT
from scripts.engine.graph import PROVIDER_PREFIX, Resource
from scripts.engine.wire import MASK, holds_secret, is_asset, is_secret, revealed

AUTONAMED = "pulumi.com/autonamed"
_QUANTITY = re.compile(r"^(?P<number>[0-9.]+)(?P<unit>[numkMGTPE]|[KMGTPE]i)?$")
_UNITS: dict[str, Decimal] = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "k": Decimal(10**3),
    **{unit: Decimal(10 ** (6 + 3 * index)) for index, unit in enumerate("MGTPE")},
    **{f"{unit}i": Decimal(2 ** (10 * (index + 1))) for index, unit in enumerate("KMGTPE")},
}
# Fields of a Helm Release that its Check adds with the provider's defaults, or takes away.
_RELEASE_DEFAULTS = frozenset(
    [
        "allowNullValues",
        "atomic",
        "cleanupOnFail",
        "createNamespace",
        "dependencyUpdate",
        "description",
        "devel",
        "disableCRDHooks",
        "disableOpenapiValidation",
        "disableWebhooks",
        "forceUpdate",
        "keyring",
        "lint",
        "maxHistory",
        "postrender",
        "recreatePods",
        "renderSubchartNotes",
        "replace",
        "resetValues",
        "resourceNames",
        "reuseValues",
        "skipAwait",
        "skipCrds",
        "timeout",
        "valueYamlFiles",
        "verify",
        "version",
        "waitForJobs",
        "compat",
    ]
)


def same_after_check(resource: Resource, path: tuple[str, ...], ours: Any, theirs: Any) -> bool:
    """Whether the difference at this path is what a provider's Check makes of our value."""
    if resource.type.startswith(PROVIDER_PREFIX):
        return ours is ABSENT and path in (("version",), ("__internal",))
    if resource.is_release:
        return len(path) == 1 and path[0] in _RELEASE_DEFAULTS and ABSENT in (ours, theirs)
    if not resource.type.startswith("kubernetes:"):
        return ours is ABSENT and (path == ("__defaults",) or _is_sum_of_a_file(resource, path))
    return (
        _dropped(ours, theirs)
        or _is_default_namespace(path, ours, theirs)
        or _is_secret_data(resource, path, ours, theirs)
        or _is_autoname(resource, path, ours, theirs)
        or _is_same_quantity(ours, theirs)
        or (path[:2] == ("metadata", "annotations") and ours is None and theirs == "")
    )


def _is_sum_of_a_file(resource: Resource, path: tuple[str, ...]) -> bool:
    """The engine adds the sum of a file's content (pulumi, sdk/go/common/resource/asset; read there, not seen yet)."""
    value: Any = resource.inputs
    for step in path[:-1]:
        value = value.get(step) if isinstance(value, dict) else None
    return path[-1:] == ("hash",) and is_asset(value)


def _dropped(ours: Any, theirs: Any) -> bool:
    """A typed round trip drops nulls, empty lists and empty objects; it drops unknown fields too, which we report."""
    empties: tuple[Any, ...] = (None, [], {})
    return (theirs is ABSENT and any(ours == empty for empty in empties)) or (
        ours is ABSENT and any(theirs == empty for empty in empties)
    )


def _is_default_namespace(path: tuple[str, ...], ours: Any, theirs: Any) -> bool:
    return path == ("metadata", "namespace") and ours is ABSENT and theirs == "default"


def _is_secret_data(resource: Resource, path: tuple[str, ...], ours: Any, theirs: Any) -> bool:
    """`stringData` becomes `data`, and all of `data` becomes secret."""
    if resource.inputs.get("kind") != "Secret" or not path or path[0] not in ("data", "stringData"):
        return False
    hidden = theirs == MASK or is_secret(theirs)
    if path == ("data",):
        has_some = "stringData" in resource.inputs or "data" in resource.inputs
        return hidden and has_some
    return path == ("stringData",) and theirs is ABSENT and not holds_secret(theirs)


def _is_autoname(resource: Resource, path: tuple[str, ...], ours: Any, theirs: Any) -> bool:
    if path == ("metadata", "annotations", AUTONAMED):
        return ours is ABSENT
    if path == ("metadata", "annotations"):
        return ours is ABSENT and isinstance(theirs, dict) and set(theirs) == {AUTONAMED}
    pattern = rf"{re.escape(resource.name)}-[0-9a-f]{{8}}"
    return path == ("metadata", "name") and isinstance(theirs, str) and re.fullmatch(pattern, theirs) is not None


def _is_same_quantity(ours: Any, theirs: Any) -> bool:
    """`1000m` is printed as `1`, `1024Mi` as `1Gi`."""
    here, there = _amount(revealed(ours)), _amount(revealed(theirs))
    return here is not None and here == there


def _amount(value: Any) -> Decimal | None:
    matched = _QUANTITY.match(value) if isinstance(value, str) else None
    if matched is None or matched["number"].count(".") > 1 or matched["number"] == ".":
        return None
    return Decimal(matched["number"]) * _UNITS[matched["unit"] or ""]
