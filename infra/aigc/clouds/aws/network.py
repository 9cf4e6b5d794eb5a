"""The network of an EKS cluster: a VPC, three subnets a zone and NAT gateways, for nodes have no public address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import Provider, ProviderDefaultTagsArgs
from pulumi_aws.ec2 import (
    Eip,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    Vpc,
    VpcEndpoint,
)

from aigc.catalog.labels import DISCOVERY_TAG
from aigc.clouds.aws.subnets import zone_subnets
from aigc.clouds.aws.tags import inventory_tags, named
from aigc.clouds.contract import NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_ANYWHERE = "0.0.0.0/0"
_PUBLIC_ROLE = "kubernetes.io/role/elb"
"""Where a Service of type LoadBalancer gets its load balancer, if it faces the internet."""
_PRIVATE_ROLE = "kubernetes.io/role/internal-elb"


class AwsNetwork(Component):
    """Provider, VPC, subnets, routes, NAT."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan) -> None:
        super().__init__(name)
        provider = self._account(plan)
        self._aws, self._child = provider, self.child(provider)
        self._cluster = plan.cluster.name
        self._discovered = plan.cluster.auto_mode or any(pool.karpenter for pool in plan.pools)
        vpc = Vpc(
            "network",
            cidr_block=plan.cluster.node_cidr,
            # EKS' private endpoint is a private name inside the VPC.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=named(plan.cluster.name),
            opts=self._child,
        )
        public, nodes, control_plane = self._subnets(plan, vpc)
        to_the_internet = self._to_the_internet(vpc, public)
        private, routes = self._ways_out(plan, vpc, public, to_the_internet)
        self._joined("control-plane", control_plane, private)
        joined = self._joined("nodes", nodes, private)
        self.handle = NetworkHandle(
            network=vpc.id,
            node_subnets={zone: subnet.id for zone, subnet in nodes.items()},
            control_plane_subnets=tuple(subnet.id for subnet in control_plane.values()),
            ready=(*joined, *routes, self._layers(vpc, plan, private)),
            provider=provider,
        )
        self.done({"network": vpc.id})

    def _account(self, plan: StackPlan) -> Provider:
        return Provider(
            "aws",
            region=plan.region,
            allowed_account_ids=[plan.account] if plan.account else None,
            default_tags=ProviderDefaultTagsArgs(tags=inventory_tags(plan)),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _subnets(self, plan: StackPlan, vpc: Vpc) -> tuple[dict[str, Subnet], dict[str, Subnet], dict[str, Subnet]]:
        ranges = zone_subnets(plan.cluster.node_cidr or "", plan.cluster.zones)
        return (
            {one.zone: self._subnet(vpc, f"public-{one.zone}", one.zone, one.public, _PUBLIC_ROLE) for one in ranges},
            {one.zone: self._subnet(vpc, f"nodes-{one.zone}", one.zone, one.nodes, _PRIVATE_ROLE) for one in ranges},
            {one.zone: self._subnet(vpc, f"control-plane-{one.zone}", one.zone, one.control_plane) for one in ranges},
        )

    def _subnet(self, vpc: Vpc, name: str, zone: str, cidr: str, role: str | None = None) -> Subnet:
        # The cluster's tag tells the load balancer controller of EKS which of the VPC's subnets are the cluster's.
        roles = {role: "1", f"kubernetes.io/cluster/{self._cluster}": "owned"} if role else {}
        if role == _PRIVATE_ROLE and self._discovered:
            roles[DISCOVERY_TAG] = self._cluster
        return Subnet(
            name,
            vpc_id=vpc.id,
            availability_zone=zone,
            cidr_block=cidr,
            # Only the NAT gateway and load balancers are public, and they bring their own addresses.
            map_public_ip_on_launch=False,
            tags={**named(f"{self._cluster}-{name}"), **roles},
            opts=self._child,
        )

    def _to_the_internet(self, vpc: Vpc, subnets: Mapping[str, Subnet]) -> tuple[pulumi.Resource, ...]:
        gateway = InternetGateway("internet", vpc_id=vpc.id, tags=named(self._cluster), opts=self._child)
        table = self._table("public", vpc)
        route = Route(
            "public",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        return (route, *self._joined("public", subnets, dict.fromkeys(subnets, table)))

    def _ways_out(
        self, plan: StackPlan, vpc: Vpc, public: Mapping[str, Subnet], after: Sequence[pulumi.Resource]
    ) -> tuple[dict[str, RouteTable], tuple[Route, ...]]:
        """Zone -> its private table; one NAT gateway for all, or one a zone, which the loss of another leaves alone."""
        zones, each = plan.cluster.zones, plan.cluster.nat_gateway_per_zone
        tables, routes = {}, []
        for zone in zones if each else zones[:1]:
            ending = f"-{zone}" if each else ""
            tables[zone] = self._table(f"private{ending}", vpc)
            route = Route(
                f"private{ending}",
                route_table_id=tables[zone].id,
                destination_cidr_block=_ANYWHERE,
                nat_gateway_id=self._nat(f"nat{ending}", public[zone], after).id,
                opts=self._child,
            )
            routes.append(route)
        return {zone: tables.get(zone, tables[zones[0]]) for zone in zones}, tuple(routes)

    def _nat(self, name: str, subnet: Subnet, after: Sequence[pulumi.Resource]) -> NatGateway:
        tags = named(self._cluster)
        address = Eip(name, domain="vpc", tags=tags, opts=self._child)
        # EC2 refuses a NAT gateway in a network that has no way out yet.
        options = self.child(self._aws, after)
        return NatGateway(name, allocation_id=address.id, subnet_id=subnet.id, tags=tags, opts=options)

    def _layers(self, vpc: Vpc, plan: StackPlan, tables: Mapping[str, RouteTable]) -> VpcEndpoint:
        # ECR keeps image layers in S3: Triton's ten gigabytes a node need not pay for the NAT gateway; this is free.
        return VpcEndpoint(
            "s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{plan.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in dict.fromkeys(tables.values())],
            tags=named(self._cluster),
            opts=self._child,
        )

    def _table(self, name: str, vpc: Vpc) -> RouteTable:
        return RouteTable(name, vpc_id=vpc.id, tags=named(f"{self._cluster}-{name}"), opts=self._child)

    def _joined(
        self, name: str, subnets: Mapping[str, Subnet], tables: Mapping[str, RouteTable]
    ) -> tuple[RouteTableAssociation, ...]:
        return tuple(
            RouteTableAssociation(
                f"{name}-{zone}", route_table_id=tables[zone].id, subnet_id=subnet.id, opts=self._child
            )
            for zone, subnet in subnets.items()
        )
