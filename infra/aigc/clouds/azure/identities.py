"""The identities of a cluster, of its control plane and of its nodes, and what each may do; no key anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native.authorization import RoleAssignment
from pulumi_azure_native.managedidentity import UserAssignedIdentity

from aigc.clouds.azure.tags import inventory_tags
from aigc.clouds.contract import NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

NETWORK_CONTRIBUTOR = "4d97b98b-1d4f-4787-a291-c67834d212e7"
IDENTITY_OPERATOR = "f1a07417-d97a-45cb-824c-7a7467783830"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
"""Roles that Azure itself defines, the same in every subscription (azure-docs, role-based-access-control,
built-in-roles.md)."""


@dataclass(frozen=True)
class Right:
    """A role on one thing."""

    name: str
    role: str
    scope: pulumi.Input[str]


def role_id(subscription: str, role: str) -> str:
    """How Azure names one of its roles in a subscription."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def assignment_name(plan: StackPlan, name: str) -> str:
    """Azure wants a GUID; this one is the same on every run and another one for every stack and subscription."""
    subscription = plan.azure.subscription if plan.azure else ""
    return str(uuid5(NAMESPACE_URL, f"aigc/{subscription}/{plan.cluster.name}/{name}"))


class AksIdentities(Component):
    """`control_plane` runs the cluster, `nodes` pulls images; `ready` is what must be there before either is of use."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        plan: StackPlan,
        network: NetworkHandle,
        registry: pulumi.Input[str] | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        self.control_plane = identity(self, "control-plane", plan, network)
        self.nodes = identity(self, "nodes", plan, network)
        # Karpenter puts the network's own id on each node, and may have to look it up (karpenter-provider-azure,
        # operator/operator.go).
        looks = plan.azure is not None and plan.azure.node_auto_provisioning
        rights: Mapping[UserAssignedIdentity, tuple[Right, ...]] = {
            self.control_plane: (
                # Load balancers join the nodes' subnet.
                Right("control-plane-network", NETWORK_CONTRIBUTOR, network.subnetwork or ""),
                # It gives the other identity to each node.
                Right("control-plane-nodes", IDENTITY_OPERATOR, self.nodes.id),
                *((Right("control-plane-looks", READER, network.network or ""),) if looks else ()),
            ),
            self.nodes: (Right("nodes-pull", ACR_PULL, registry),) if registry is not None else (),
        }
        self.ready: tuple[pulumi.Resource, ...] = tuple(
            assigned(self, who, right, plan, network) for who, each in rights.items() for right in each
        )
        self.done({})


def identity(owner: Component, name: str, plan: StackPlan, network: NetworkHandle) -> UserAssignedIdentity:
    """An identity of the stack's own."""
    return UserAssignedIdentity(
        name,
        resource_name_=f"{plan.cluster.name}-{name}",
        resource_group_name=network.resource_group or "",
        location=plan.region,
        tags=inventory_tags(plan),
        opts=owner.child(network.provider),
    )


def assigned(
    owner: Component, who: UserAssignedIdentity, right: Right, plan: StackPlan, network: NetworkHandle
) -> RoleAssignment:
    """An identity's role on one thing."""
    subscription = plan.azure.subscription if plan.azure else ""
    return RoleAssignment(
        right.name,
        role_assignment_name=assignment_name(plan, right.name),
        principal_id=who.principal_id,
        # Said, for Entra tells of a new identity everywhere only after minutes.
        principal_type="ServicePrincipal",
        role_definition_id=role_id(subscription, right.role),
        scope=right.scope,
        opts=owner.child(network.provider),
    )
