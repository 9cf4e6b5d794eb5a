"""A container registry of Azure for the images that a stack's pods pull, in the stack's own resource group."""

from __future__ import annotations

import pulumi
from pulumi_azure_native.containerregistry import Registry, SkuArgs, SkuName

from aigc.clouds.azure.tags import inventory_tags
from aigc.clouds.contract import NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


class AzureRegistry(Component):
    """All images in one registry; it needs only the group, so it is there minutes before the first node."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        somebodys = plan.azure.registry_id if plan.azure else None
        made = _registry(self, plan, plan.registry.makes[0], network) if plan.registry else None
        self.id: pulumi.Input[str] | None = made.id if made else somebodys
        """What nodes get the right to pull from, whoever made it."""
        self.done({})


def _registry(owner: AzureRegistry, plan: StackPlan, name: str, network: NetworkHandle) -> Registry:
    return Registry(
        name,
        registry_name=name,
        resource_group_name=network.resource_group or "",
        location=plan.region,
        # Basic is for learning, and has room for 10 GiB of images; Premium adds a network of its own
        # (azure-docs, container-registry-skus.md).
        sku=SkuArgs(name=SkuName.STANDARD),
        # Entra judges everybody: no password that all share, and nothing for whoever says no name.
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        tags=inventory_tags(plan),
        # A registry goes with all that is in it: a protected stack keeps it.
        opts=owner.child(network.provider, protect=plan.cluster.deletion_protection or None),
    )
