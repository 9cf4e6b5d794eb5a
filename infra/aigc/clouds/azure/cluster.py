"""An AKS cluster: Entra alone knows people, network policies are enforced, pods may have identities of their own."""

from __future__ import annotations

from ipaddress import IPv4Network

import pulumi
from pulumi_azure_native import containerservice as aks
from pulumi_azure_native.authorization import ManagementLockByScope

from aigc.catalog.kinds import NetworkPolicyEngine
from aigc.clouds.azure import agent_pool
from aigc.clouds.azure.identities import AksIdentities
from aigc.clouds.azure.kubeconfig import AKS_TOKEN, authority_of
from aigc.clouds.azure.registry import AzureRegistry
from aigc.clouds.azure.tags import inventory_tags
from aigc.clouds.contract import ClusterHandle, NetworkHandle
from aigc.clouds.kubeconfig import composed_kubeconfig, kubernetes_provider
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_DNS_ADDRESS = 10
"""Of the Services' range, where clusters have the resolver; the first is the API server's."""


class AksCluster(Component):
    """Cluster, identities, agent pools, lock and the Kubernetes provider."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        self._plan, self._network = plan, network
        self._system = plan.azure.system_pool if plan.azure else ""
        registry = AzureRegistry("registry", plan, network)
        self._identities = AksIdentities("identities", self, plan, network, registry.id)
        cluster = self._cluster()
        self._lock(cluster)
        groups = [pool for pool in plan.pools if pool.name != self._system and not pool.karpenter]
        pools = tuple(self._pool(pool, cluster) for pool in groups)
        server = pulumi.Output.concat("https://", cluster.fqdn)
        authority = authority_of(cluster, network, self)
        provider = kubernetes_provider(self, composed_kubeconfig(plan.cluster.name, server, authority, AKS_TOKEN))
        self.handle = ClusterHandle(
            provider=provider,
            stack=plan.stack,
            ready=(cluster, *pools, *self._identities.ready),
            outputs={"name": cluster.name, "endpoint": cluster.fqdn, "oidc_issuer": _issuer(cluster)},
        )
        self.done({"name": cluster.name})

    def _cluster(self) -> aks.ManagedCluster:
        plan, network, identities = self._plan, self._network, self._identities
        nodes = identities.nodes
        return aks.ManagedCluster(
            "cluster",
            resource_name_=plan.cluster.name,
            resource_group_name=network.resource_group,
            # What AKS makes for the nodes in turn: scale sets, disks, load balancers.
            node_resource_group=f"{plan.cluster.name}-nodes",
            location=plan.region,
            tags=inventory_tags(plan),
            dns_prefix=plan.cluster.name,
            kubernetes_version=plan.cluster.kubernetes_minor,
            # Standard is with an uptime that Azure answers for; EKS and GKE have no other.
            sku=aks.ManagedClusterSKUArgs(name="Base", tier=_tier(plan)),
            identity=aks.ManagedClusterIdentityArgs(
                type=aks.ResourceIdentityType.USER_ASSIGNED, user_assigned_identities=[identities.control_plane.id]
            ),
            identity_profile={
                "kubeletidentity": aks.UserAssignedIdentityArgs(
                    resource_id=nodes.id, client_id=nodes.client_id, object_id=nodes.principal_id
                )
            },
            agent_pool_profiles=[self._system_pool()],
            network_profile=_network_profile(plan),
            **_access(plan),
            **_upkeep(),
            **_makes_nodes(plan),
            opts=self.child(
                network.provider,
                (*network.ready, *identities.ready),
                ignore_changes=agent_pool.ignored(plan, in_cluster=True),
                protect=plan.cluster.deletion_protection or None,
            ),
        )

    def _system_pool(self) -> aks.ManagedClusterAgentPoolProfileArgs:
        pool = next(pool for pool in self._plan.pools if pool.name == self._system)
        settings = agent_pool.pool_settings(self._plan, pool)
        return aks.ManagedClusterAgentPoolProfileArgs(
            name=pool.name,
            mode="System",
            vnet_subnet_id=self._network.subnetwork,
            # Of its machines, as for the other pools: the cluster's own tags end at the cluster.
            tags=inventory_tags(self._plan),
            **settings,
        )

    def _pool(self, pool: PoolPlan, cluster: aks.ManagedCluster) -> aks.AgentPool:
        return aks.AgentPool(
            pool.name,
            agent_pool_name=pool.name,
            resource_name_=cluster.name,
            resource_group_name=self._network.resource_group,
            mode="User",
            vnet_subnet_id=self._network.subnetwork,
            tags=inventory_tags(self._plan),
            **agent_pool.pool_settings(self._plan, pool),
            opts=self.child(self._network.provider, ignore_changes=agent_pool.ignored(self._plan, in_cluster=False)),
        )

    def _lock(self, cluster: aks.ManagedCluster) -> None:
        """Azure itself then refuses whoever deletes it, by whatever way; `protect` stops Pulumi before it tries."""
        if not self._plan.cluster.deletion_protection:
            return
        ManagementLockByScope(
            "lock",
            lock_name="deletion-protection",
            scope=cluster.id,
            level="CanNotDelete",
            notes=f"Serves stack {self._plan.stack}; deletion_protection in its stack file takes this away",
            opts=self.child(self._network.provider, protect=True),
        )


def _tier(plan: StackPlan) -> str:
    return "Standard" if plan.azure is None or plan.azure.uptime_sla else "Free"


def _issuer(cluster: aks.ManagedCluster) -> pulumi.Output[str]:
    """Who signs the tokens of service accounts: what an identity of Azure is told to trust."""
    issuer: pulumi.Output[str] = cluster.oidc_issuer_profile.apply(lambda one: (one.issuer_url if one else None) or "")
    return issuer


def _network_profile(plan: StackPlan) -> aks.ContainerServiceNetworkProfileArgs:
    cluster, services = plan.cluster, plan.cluster.service_cidr or ""
    policy = plan.azure.network_policy if plan.azure else NetworkPolicyEngine.CALICO
    return aks.ContainerServiceNetworkProfileArgs(
        network_plugin="azure",
        network_plugin_mode="overlay",
        network_dataplane="cilium" if policy is NetworkPolicyEngine.CILIUM else "azure",
        # What policies call nodes and the API server by is in plan/policy_engine.py (docs/decisions/0010, 0020).
        network_policy=policy.value,
        pod_cidr=cluster.pod_cidr,
        service_cidr=services,
        dns_service_ip=str(IPv4Network(services)[_DNS_ADDRESS]),
        outbound_type="userAssignedNATGateway",
        load_balancer_sku="standard",
    )


def _access(plan: StackPlan) -> dict[str, object]:
    """People by Entra alone, pods by tokens of their service accounts; the API server is reached from anywhere."""
    return {
        "enable_rbac": True,
        "disable_local_accounts": True,
        "aad_profile": aks.ManagedClusterAADProfileArgs(
            managed=True,
            enable_azure_rbac=False,
            admin_group_object_ids=[plan.azure.admin_group] if plan.azure else None,
        ),
        "api_server_access_profile": aks.ManagedClusterAPIServerAccessProfileArgs(enable_private_cluster=False),
        "oidc_issuer_profile": aks.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
        "security_profile": aks.ManagedClusterSecurityProfileArgs(
            workload_identity=aks.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True)
        ),
    }


def _upkeep() -> dict[str, object]:
    """What AKS does by itself: patches within the minor, node images, nodes, and drivers for volumes."""
    return {
        "auto_upgrade_profile": aks.ManagedClusterAutoUpgradeProfileArgs(
            # The minor is the plan's; a patch of it needs no plan.
            upgrade_channel="patch",
            node_os_upgrade_channel="NodeImage",
        ),
        "storage_profile": aks.ManagedClusterStorageProfileArgs(
            blob_csi_driver=aks.ManagedClusterStorageProfileBlobCSIDriverArgs(enabled=True)
        ),
    }


def _makes_nodes(plan: StackPlan) -> dict[str, object]:
    """Karpenter, whose pools are the plan's alone, or the autoscaler of agent pools: AKS has no pool for both."""
    if plan.azure and plan.azure.node_auto_provisioning:
        profile = aks.ManagedClusterNodeProvisioningProfileArgs(
            mode=aks.NodeProvisioningMode.AUTO, default_node_pools=aks.NodeProvisioningDefaultNodePools.NONE
        )
        return {"node_provisioning_profile": profile}
    return {
        "auto_scaler_profile": aks.ManagedClusterPropertiesAutoScalerProfileArgs(
            # Of the pools that could take a pod, the one that it leaves the least of empty.
            expander="least-waste",
            # Every node has them, so they keep none.
            ignore_daemonsets_utilization=True,
            # AKS' own default would throw away the samples of Prometheus with its node.
            skip_nodes_with_local_storage="true",
        )
    }
