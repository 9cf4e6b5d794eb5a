"""A GKE cluster: private nodes, Dataplane V2 (which enforces network policies), workload identity, the plan's pools."""

from __future__ import annotations

from functools import partial

import pulumi
from pulumi_gcp.container import (
    Cluster,
    ClusterIpAllocationPolicyArgs,
    ClusterPrivateClusterConfigArgs,
    ClusterReleaseChannelArgs,
    ClusterWorkloadIdentityConfigArgs,
    NodePool,
)
from pulumi_gcp.projects import IAMMember
from pulumi_gcp.serviceaccount import Account

from aigc.catalog.limits import SERVICE_ACCOUNT_ID_CHARS
from aigc.clouds.contract import ClusterHandle, NetworkHandle
from aigc.clouds.gcp.kubeconfig import GKE_TOKEN
from aigc.clouds.gcp.node_pool import IGNORED, autoscaling, initial_nodes, management, node_config
from aigc.clouds.kubeconfig import composed_kubeconfig, kubernetes_provider
from aigc.plan.names import physical
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_NODE_ROLE = "roles/container.defaultNodeServiceAccount"
"""Logs, metrics and image pulls; the project's default account would bring the Editor role to every node."""


class GkeCluster(Component):
    """Cluster, node pools, the nodes' service account and the Kubernetes provider."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        account, right = self._account(plan, network)
        cluster = self._cluster(plan, network)
        make = partial(self._pool, plan=plan, network=network, cluster=cluster, account=account, right=right)
        pools = tuple(make(pool) for pool in plan.pools)
        authority = cluster.master_auth.apply(lambda auth: auth.cluster_ca_certificate or "")
        server = pulumi.Output.concat("https://", cluster.endpoint)
        provider = kubernetes_provider(self, composed_kubeconfig(plan.cluster.name, server, authority, GKE_TOKEN))
        self.handle = ClusterHandle(
            provider=provider,
            stack=plan.stack,
            ready=pools,
            outputs={"name": cluster.name, "endpoint": cluster.endpoint},
        )
        self.done({"name": cluster.name})

    def _account(self, plan: StackPlan, network: NetworkHandle) -> tuple[Account, IAMMember]:
        account = Account(
            "nodes",
            account_id=physical(plan.cluster.name, SERVICE_ACCOUNT_ID_CHARS),
            display_name="Nodes",
            opts=self.child(network.provider),
        )
        member = pulumi.Output.concat("serviceAccount:", account.email)
        right = IAMMember(
            "nodes", project=plan.project or "", role=_NODE_ROLE, member=member, opts=self.child(network.provider)
        )
        return account, right

    def _cluster(self, plan: StackPlan, network: NetworkHandle) -> Cluster:
        zones = sorted({zone for pool in plan.pools for zone in pool.zones})
        return Cluster(
            "cluster",
            name=plan.cluster.name,
            location=plan.region,
            node_locations=zones or None,
            network=network.network,
            subnetwork=network.subnetwork,
            ip_allocation_policy=ClusterIpAllocationPolicyArgs(
                cluster_secondary_range_name=network.pod_range, services_secondary_range_name=network.service_range
            ),
            private_cluster_config=ClusterPrivateClusterConfigArgs(
                enable_private_nodes=True, enable_private_endpoint=False
            ),
            datapath_provider="ADVANCED_DATAPATH",
            workload_identity_config=ClusterWorkloadIdentityConfigArgs(workload_pool=f"{plan.project}.svc.id.goog"),
            release_channel=ClusterReleaseChannelArgs(channel="REGULAR"),
            min_master_version=plan.cluster.kubernetes_minor,
            # The API wants a first pool; ours are resources of their own, so it is removed at once.
            initial_node_count=1,
            remove_default_node_pool=True,
            deletion_protection=plan.cluster.deletion_protection,
            resource_labels={"aigc-stack": plan.stack},
            opts=self.child(network.provider, ignore_changes=["initialNodeCount"]),
        )

    def _pool(
        self,
        pool: PoolPlan,
        *,
        plan: StackPlan,
        network: NetworkHandle,
        cluster: Cluster,
        account: Account,
        right: IAMMember,
    ) -> NodePool:
        return NodePool(
            pool.name,
            name=pool.name,
            cluster=cluster.id,
            location=plan.region,
            node_locations=list(pool.zones) or None,
            initial_node_count=initial_nodes(pool),
            autoscaling=autoscaling(pool),
            management=management(),
            node_config=node_config(pool, account.email),
            opts=self.child(network.provider, (right,), ignore_changes=list(IGNORED)),
        )
