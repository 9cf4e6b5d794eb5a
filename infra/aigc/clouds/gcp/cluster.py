"""A GKE cluster: private nodes, Dataplane V2 (which enforces network policies), workload identity, the plan's pools."""

from __future__ import annotations

import pulumi
from pulumi_gcp.compute import ResourcePolicy, ResourcePolicyWorkloadPolicyArgs
from pulumi_gcp.container import (
    Cluster,
    ClusterAddonsConfigArgs,
    ClusterAddonsConfigGcsFuseCsiDriverConfigArgs,
    ClusterIpAllocationPolicyArgs,
    ClusterNodePoolArgs,
    ClusterNodePoolNodeConfigArgs,
    ClusterPrivateClusterConfigArgs,
    ClusterReleaseChannelArgs,
    ClusterWorkloadIdentityConfigArgs,
    NodePool,
)

from aigc.catalog.limits import COMPUTE_NAME_CHARS
from aigc.clouds.contract import ClusterHandle, NetworkHandle
from aigc.clouds.gcp import node_pool
from aigc.clouds.gcp.identities import GkeNodeAccount, GkePodRights
from aigc.clouds.gcp.kubeconfig import GKE_TOKEN
from aigc.clouds.gcp.registry import ArtifactRepository
from aigc.clouds.kubeconfig import composed_kubeconfig, kubernetes_provider
from aigc.plan.gke_pools import gke_pools
from aigc.plan.names import physical
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_FIRST_POOL = "default-pool"
"""The one name that the provider's `remove_default_node_pool` deletes."""


class GkeCluster(Component):
    """Cluster, node pools, the nodes' service account and the Kubernetes provider."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        self._plan, self._network = plan, network
        registry = ArtifactRepository("registry", plan, network.provider)
        self._nodes = GkeNodeAccount("node-account", self, plan, registry.made, network.provider)
        cluster = self._cluster()
        pools = tuple(made for pool in plan.pools for made in self._pool(pool, cluster))
        rights = GkePodRights("pod-rights", self, plan, cluster, network.provider).ready
        authority = cluster.master_auth.apply(lambda auth: auth.cluster_ca_certificate or "")
        server = pulumi.Output.concat("https://", cluster.endpoint)
        provider = kubernetes_provider(self, composed_kubeconfig(plan.cluster.name, server, authority, GKE_TOKEN))
        self.handle = ClusterHandle(
            provider=provider,
            stack=plan.stack,
            ready=(*pools, *rights),
            outputs={"name": cluster.name, "endpoint": cluster.endpoint},
        )
        self.done({"name": cluster.name})

    def _cluster(self) -> Cluster:
        plan, network = self._plan, self._network
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
            # Of nodes alone: people and pipelines reach the API server from outside, and IAM is asked about each.
            # The control plane has no range, so a firewall has none to let in (docs/decisions/0011).
            private_cluster_config=ClusterPrivateClusterConfigArgs(enable_private_nodes=True),
            # Cilium: what policies call nodes and the API server by is in plan/policy_engine.py (docs/decisions/0011).
            datapath_provider="ADVANCED_DATAPATH",
            workload_identity_config=ClusterWorkloadIdentityConfigArgs(workload_pool=f"{plan.project}.svc.id.goog"),
            addons_config=_addons(plan),
            release_channel=ClusterReleaseChannelArgs(channel="REGULAR"),
            min_master_version=plan.cluster.kubernetes_minor,
            # The API wants a first pool; ours are resources of their own, so it is removed at once.
            node_pools=[self._first_pool()],
            remove_default_node_pool=True,
            deletion_protection=plan.cluster.deletion_protection,
            resource_labels={"aigc-stack": plan.stack},
            # In place of the first pool it has those of this program, and for another list here the provider would
            # make another cluster; terraform-google-modules/kubernetes-engine, cluster.tf, does the same.
            opts=self.child(network.provider, self._nodes.ready, ignore_changes=["nodePools"]),
        )

    def _first_pool(self) -> ClusterNodePoolArgs:
        # Said in full for its account: a node of the project's default one fails where that one has no rights.
        config = ClusterNodePoolNodeConfigArgs(
            service_account=self._nodes.email, oauth_scopes=list(node_pool.OAUTH_SCOPES)
        )
        return ClusterNodePoolArgs(name=_FIRST_POOL, initial_node_count=1, node_config=config)

    def _pool(self, pool: PoolPlan, cluster: Cluster) -> tuple[NodePool, ...]:
        policy = self._workload_policy(pool).name if pool.workload_policy else None
        return tuple(
            NodePool(
                part.name,
                name=part.name,
                cluster=cluster.id,
                location=self._plan.region,
                node_locations=list(part.zones) or None,
                initial_node_count=node_pool.initial_nodes(part),
                autoscaling=node_pool.autoscaling(part),
                management=node_pool.management(part),
                upgrade_settings=node_pool.upgrades(part),
                placement_policy=node_pool.placement(part, policy),
                network_config=node_pool.network_config(),
                node_config=node_pool.node_config(part, self._nodes.email),
                opts=self.child(self._network.provider, self._nodes.ready, ignore_changes=list(node_pool.IGNORED)),
            )
            for part in gke_pools(pool)
        )

    def _workload_policy(self, pool: PoolPlan) -> ResourcePolicy:
        return ResourcePolicy(
            pool.name,
            name=physical(f"{self._plan.cluster.name}-{pool.name}", COMPUTE_NAME_CHARS),
            region=self._plan.region,
            workload_policy=ResourcePolicyWorkloadPolicyArgs(
                type="HIGH_THROUGHPUT", accelerator_topology=pool.topology
            ),
            opts=self.child(self._network.provider),
        )


def _addons(plan: StackPlan) -> ClusterAddonsConfigArgs | None:
    """What mounts buckets, where a pod does; what GKE has on by itself stays as it is."""
    if not plan.mounts:
        return None
    return ClusterAddonsConfigArgs(
        gcs_fuse_csi_driver_config=ClusterAddonsConfigGcsFuseCsiDriverConfigArgs(enabled=True)
    )
