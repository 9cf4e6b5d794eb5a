"""The pinned manifests, of the versions that the local stack runs: charts and operators install the same ones."""

from __future__ import annotations

from typing import Any

from aigc.foundation.manifest import manifest_bodies
from aigc.plan.validation import plan_of


def bodies_of(component: str) -> list[dict[str, Any]]:
    """Every object of a component's manifest, as it stands there."""
    plan = next(one for one in plan_of("local").components if one.name == component)
    return manifest_bodies(plan, lambda _kind, _name: True)
