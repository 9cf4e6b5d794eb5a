"""The network of an EKS cluster: a VPC, three subnets a zone and one NAT gateway, for nodes have no public address."""

from __future__ import annotations

from collections.abc import Iterable

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
        self._child = self.child(provider)
        self._cluster = plan.cluster.name
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
        routes = (*self._to_the_internet(vpc, public), *self._through_nat(plan, vpc, public, (nodes, control_plane)))
        self.handle = NetworkHandle(
            network=vpc.id,
            node_subnets={zone: subnet.id for zone, subnet in nodes.items()},
            control_plane_subnets=tuple(subnet.id for subnet in control_plane.values()),
            ready=routes,
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

    def _to_the_internet(self, vpc: Vpc, subnets: dict[str, Subnet]) -> Iterable[pulumi.Resource]:
        gateway = InternetGateway("internet", vpc_id=vpc.id, tags=named(self._cluster), opts=self._child)
        table = self._table("public", vpc, subnets)
        yield Route(
            "public",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )

    def _through_nat(
        self, plan: StackPlan, vpc: Vpc, public: dict[str, Subnet], private: Iterable[dict[str, Subnet]]
    ) -> Iterable[pulumi.Resource]:
        name = named(self._cluster)
        address = Eip("nat", domain="vpc", tags=name, opts=self._child)
        first = next(iter(public.values()))
        # One for all zones: without its zone the others reach nothing new, and traffic of theirs crosses zones.
        nat = NatGateway("nat", allocation_id=address.id, subnet_id=first.id, tags=name, opts=self._child)
        subnets = {f"{kind}-{zone}": subnet for kind, zones in enumerate(private) for zone, subnet in zones.items()}
        table = self._table("private", vpc, subnets)
        yield Route(
            "private",
            route_table_id=table.id,
            destination_cidr_block=_ANYWHERE,
            nat_gateway_id=nat.id,
            opts=self._child,
        )
        # ECR keeps image layers in S3: Triton's ten gigabytes a node need not pay for the NAT gateway; this is free.
        yield VpcEndpoint(
            "s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{plan.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id],
            tags=name,
            opts=self._child,
        )

    def _table(self, name: str, vpc: Vpc, subnets: dict[str, Subnet]) -> RouteTable:
        table = RouteTable(name, vpc_id=vpc.id, tags=named(f"{self._cluster}-{name}"), opts=self._child)
        for place, subnet in subnets.items():
            RouteTableAssociation(f"{name}-{place}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child)
        return table
