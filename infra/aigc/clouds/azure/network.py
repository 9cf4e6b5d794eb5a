"""The network of an AKS cluster: a resource group, one subnet for nodes, and NAT, for nodes have no public address.

Pods have a range of their own that exists only in the cluster (Azure CNI overlay), so the network holds nodes alone.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_azure_native import Provider
from pulumi_azure_native.network import (
    AddressSpaceArgs,
    NatGateway,
    NatGatewaySkuArgs,
    PublicIPAddress,
    PublicIPAddressSkuArgs,
    Subnet,
    SubResourceArgs,
    VirtualNetwork,
)
from pulumi_azure_native.resources import ResourceGroup

from aigc.clouds.azure.tags import inventory_tags
from aigc.clouds.contract import NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


class AzureNetwork(Component):
    """Provider, resource group, virtual network, NAT, subnet."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan) -> None:
        super().__init__(name)
        azure = Provider(
            "azure",
            subscription_id=plan.azure.subscription if plan.azure else None,
            location=plan.region,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._options = self.child(azure)
        group = ResourceGroup(
            "group",
            resource_group_name=plan.cluster.name,
            location=plan.region,
            tags=inventory_tags(plan),
            opts=self._options,
        )
        self._where: dict[str, Any] = {
            "resource_group_name": group.name,
            "location": plan.region,
            "tags": inventory_tags(plan),
        }
        network = VirtualNetwork(
            "network",
            virtual_network_name=plan.cluster.name,
            address_space=AddressSpaceArgs(address_prefixes=[plan.cluster.node_cidr or ""]),
            **self._where,
            opts=self._options,
        )
        subnet = self._subnet(plan, group, network)
        self.handle = NetworkHandle(
            network=network.id, subnetwork=subnet.id, resource_group=group.name, ready=(subnet,), provider=azure
        )
        self.done({"network": network.id, "subnetwork": subnet.id})

    def _subnet(self, plan: StackPlan, group: ResourceGroup, network: VirtualNetwork) -> Subnet:
        nat = self._nat(plan)
        return Subnet(
            "nodes",
            subnet_name="nodes",
            resource_group_name=group.name,
            virtual_network_name=network.name,
            address_prefix=plan.cluster.node_cidr,
            nat_gateway=SubResourceArgs(id=nat.id),
            # The way out is the NAT gateway's, whose address is known; not one that Azure lends and may change.
            default_outbound_access=False,
            opts=self._options,
        )

    def _nat(self, plan: StackPlan) -> NatGateway:
        address = PublicIPAddress(
            "nat",
            public_ip_address_name=f"{plan.cluster.name}-nat",
            public_ip_allocation_method="Static",
            sku=PublicIPAddressSkuArgs(name="Standard"),
            **self._where,
            opts=self._options,
        )
        return NatGateway(
            "nat",
            nat_gateway_name=plan.cluster.name,
            public_ip_addresses=[SubResourceArgs(id=address.id)],
            sku=NatGatewaySkuArgs(name="Standard"),
            **self._where,
            opts=self._options,
        )
