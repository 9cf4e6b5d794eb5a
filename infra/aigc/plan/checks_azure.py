"""Checks that only Azure needs: subscription, administrators, registry, AKS' own pool, disks, minors that AKS has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog import limits
from aigc.catalog.kinds import Cloud
from aigc.catalog.versions import kubernetes_minor
from aigc.config.problems import Problem, printable
from aigc.config.spec import StackSpec
from aigc.plan.azure import ACR_DOMAIN, registry_name, system_pool

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OTHER_CLOUDS = ("china", "usgov", "usdod", "usnat", "ussec")
"""How regions of Azure's other clouds begin; addresses, roles and registries are others there."""
_ONLY_HERE = ("subscription", "admin_group", "registry_resource_group", "uptime_sla")


def azure_problems(spec: StackSpec) -> Iterator[Problem]:
    """Everything about a place on Azure that other clouds do not have, and its keys where they mean nothing."""
    if spec.cloud is not Cloud.AZURE:
        for key in _ONLY_HERE:
            if getattr(spec, key) is not None:
                yield Problem((key,), f"means nothing on cloud {spec.cloud}", "remove it")
        return
    yield from _guid(spec, "subscription", "`az account show --query id` prints it")
    yield from _guid(spec, "admin_group", "`az ad group show --group NAME --query id` prints it")
    if spec.region and spec.region.startswith(_OTHER_CLOUDS):
        shown = printable(spec.region)
        yield Problem(("region",), f"{shown} is in a cloud of Azure that is not built for", "use eastus")
    yield from _registry(spec)
    yield from _pools(spec)
    yield from _minor(spec)


def _guid(spec: StackSpec, key: str, way_out: str) -> Iterator[Problem]:
    value = getattr(spec, key)
    if value is None:
        yield Problem((key,), "is missing; cloud azure needs one", f"add its id: {way_out}")
    elif not _GUID.fullmatch(value):
        yield Problem((key,), f"{printable(value)} is no id of Azure", f"32 hex digits with hyphens: {way_out}")


def _registry(spec: StackSpec) -> Iterator[Problem]:
    name, group = registry_name(spec.registry), spec.registry_resource_group
    if name is None and group is not None:
        yield Problem(
            ("registry_resource_group",), f"means nothing: registry is not one of Azure (*{ACR_DOMAIN})", "remove it"
        )
    elif name is not None and not limits.ACR_NAME.fullmatch(name):
        yield Problem(("registry",), f"{printable(name)} is no container registry", "5 to 50 lowercase letters, digits")


def _pools(spec: StackSpec) -> Iterator[Problem]:
    if spec.pools and system_pool(spec) is None:
        yield Problem(
            ("pools",),
            "AKS has nowhere to run its own pods",
            f"add a pool on demand, without accelerator, with {limits.AKS_SYSTEM_POOL_VCPUS} processors or more and "
            "min_nodes of 1 or more",
        )
    for name, pool in spec.pools.items():
        if pool.disk_gib < limits.AKS_LEAST_DISK_GIB:
            yield Problem(
                ("pools", name, "disk_gib"),
                f"{pool.disk_gib} is less than AKS gives a node",
                f"write {limits.AKS_LEAST_DISK_GIB} or more",
            )


def _minor(spec: StackSpec) -> Iterator[Problem]:
    newest = kubernetes_minor(spec.cloud)
    asked = spec.kubernetes_minor or newest
    # Whatever is no minor at all is refused for every cloud alike.
    if re.fullmatch(r"1\.[1-9][0-9]", asked) and int(asked[2:]) > int(newest[2:]):
        yield Problem(
            ("kubernetes_minor",),
            f"{asked} is newer than what AKS has, as far as catalog/versions.yaml knows",
            f'write "{newest}" or remove it',
        )
