"""Finds the adapter of a cloud by its place, so that adding a cloud changes no list.

Only the one asked for is imported: a cloud's SDK takes most of a second, and `local` needs none of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

import aigc.clouds
from aigc.catalog.faults import fail
from aigc.clouds.contract import CloudAdapter
from aigc.plan.stack_plan import Cloud

_NOT_CLOUDS = frozenset({"contract", "registry", "kubeconfig", "model_objects"})


def registered_clouds() -> tuple[str, ...]:
    """The clouds that have an adapter, by name."""
    return tuple(
        sorted(module.name for module in pkgutil.iter_modules(aigc.clouds.__path__) if module.name not in _NOT_CLOUDS)
    )


def adapter_for(cloud: Cloud) -> CloudAdapter:
    """The adapter of `cloud`; a cloud without one is the user's fault to mend, and the known ones are named."""
    known = registered_clouds()
    if cloud.value not in known:
        raise fail(
            "aigc:stack.cloud",
            f"nothing here can make a cluster on {cloud.value!r}",
            f"Take one of: {', '.join(known)}; or add the folder infra/aigc/clouds/{cloud.value}",
        )
    return cast(CloudAdapter, importlib.import_module(f"aigc.clouds.{cloud.value}").ADAPTER)
