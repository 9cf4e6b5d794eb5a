"""The network of a GKE cluster: one subnet with ranges for pods and services, and NAT, for its nodes are private."""

from __future__ import annotations

import pulumi
from pulumi_gcp import Provider
from pulumi_gcp.compute import Network, Router, RouterNat, Subnetwork, SubnetworkSecondaryIpRangeArgs
from pulumi_gcp.projects import Service

from aigc.clouds.contract import NetworkHandle
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_POD_RANGE = "pods"
_SERVICE_RANGE = "services"
_APIS = ("compute.googleapis.com", "container.googleapis.com")
_TPU_API = "tpu.googleapis.com"


class GcpNetwork(Component):
    """Provider, APIs, network, subnet, NAT."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan) -> None:
        super().__init__(name)
        options = pulumi.ResourceOptions(parent=self)
        provider = Provider("gcp", project=plan.project, region=plan.region, opts=options)
        apis = [
            # Left on at destroy: another stack of the project may need them.
            Service(api.split(".")[0], service=api, disable_on_destroy=False, opts=self.child(provider))
            for api in (*_APIS, *((_TPU_API,) if plan.tpu_vms else ()))
        ]
        network = Network(
            "network", name=plan.cluster.name, auto_create_subnetworks=False, opts=self.child(provider, apis)
        )
        subnet = self._subnet(plan, network, provider)
        self._nat(plan, network, provider)
        self.handle = NetworkHandle(
            network=network.id,
            subnetwork=subnet.id,
            pod_range=_POD_RANGE,
            service_range=_SERVICE_RANGE,
            provider=provider,
        )
        self.done({"network": network.id, "subnetwork": subnet.id})

    def _subnet(self, plan: StackPlan, network: Network, provider: Provider) -> Subnetwork:
        ranges = ((_POD_RANGE, plan.cluster.pod_cidr), (_SERVICE_RANGE, plan.cluster.service_cidr))
        return Subnetwork(
            "subnet",
            name=plan.cluster.name,
            region=plan.region,
            network=network.id,
            ip_cidr_range=plan.cluster.node_cidr,
            private_ip_google_access=True,
            secondary_ip_ranges=[
                SubnetworkSecondaryIpRangeArgs(range_name=range_name, ip_cidr_range=cidr) for range_name, cidr in ranges
            ],
            opts=self.child(provider),
        )

    def _nat(self, plan: StackPlan, network: Network, provider: Provider) -> None:
        router = Router(
            "router", name=plan.cluster.name, region=plan.region, network=network.id, opts=self.child(provider)
        )
        RouterNat(
            "nat",
            name=plan.cluster.name,
            router=router.name,
            region=plan.region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            opts=self.child(provider),
        )
