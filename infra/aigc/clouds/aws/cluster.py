"""An EKS cluster: private nodes, a CNI that enforces network policies, pod identity, the plan's pools.

Under Auto Mode EKS brings all but the pools, which are objects of the cluster (aigc.cluster.auto_mode).
"""

from __future__ import annotations

import pulumi
from pulumi_aws.autoscaling import Tag, TagTagArgs
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.ec2 import LaunchTemplate
from pulumi_aws.eks import (
    Cluster,
    ClusterAccessConfigArgs,
    ClusterKubernetesNetworkConfigArgs,
    ClusterUpgradePolicyArgs,
    ClusterVpcConfigArgs,
    NodeGroup,
    NodeGroupLaunchTemplateArgs,
    NodeGroupNodeRepairConfigArgs,
    NodeGroupUpdateConfigArgs,
)

from aigc.catalog.labels import KARPENTER
from aigc.clouds.aws import auto_mode, node_group
from aigc.clouds.aws.addons import EksAddons
from aigc.clouds.aws.efa import efa_security_group, interfaces
from aigc.clouds.aws.karpenter import KarpenterOnAws
from aigc.clouds.aws.kubeconfig import eks_token
from aigc.clouds.aws.pod_rights import has_volumes
from aigc.clouds.aws.repositories import EcrRepositories
from aigc.clouds.aws.roles import EksPodRoles, EksRoles
from aigc.clouds.aws.subnets import control_plane_range
from aigc.clouds.aws.tags import inventory_tags, named
from aigc.clouds.contract import ClusterHandle, NetworkHandle
from aigc.clouds.kubeconfig import composed_kubeconfig, kubernetes_provider
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.tokens import Component

_LOGS = ["api", "audit", "authenticator"]
"""Who asked for what, and who they were; the scheduler's and the controllers' own logs are left out for their price."""
_LOG_DAYS = 30


class EksCluster(Component):
    """Cluster, roles, add-ons, node groups and the Kubernetes provider."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        self._plan, self._network = plan, network
        self._roles = EksRoles("roles", self, plan, network.provider)
        cluster = self._cluster()
        repositories = EcrRepositories("repositories", plan, network.provider)
        rights = EksPodRoles("pod-roles", self, plan, cluster.name, network.provider).ready
        nodes = self._let_in(cluster) if plan.cluster.auto_mode else self._groups_and_addons(cluster, rights)
        server, authority = cluster.endpoint, cluster.certificate_authority.apply(lambda one: one.data or "")
        token = eks_token(plan.cluster.name, plan.region)
        provider = kubernetes_provider(self, composed_kubeconfig(plan.cluster.name, server, authority, token))
        self.handle = ClusterHandle(
            provider=provider,
            stack=plan.stack,
            control_plane_cidr=control_plane_range(plan.cluster.node_cidr or ""),
            ready=(*nodes, *rights, *repositories.made),
            outputs={"name": cluster.name, "endpoint": cluster.endpoint},
        )
        self.done({"name": cluster.name})

    def _cluster(self) -> Cluster:
        plan, network = self._plan.cluster, self._network
        # Made here, or EKS makes it and its entries are kept, and paid for, for ever.
        logs = LogGroup(
            "logs",
            name=f"/aws/eks/{plan.name}/cluster",
            retention_in_days=_LOG_DAYS,
            opts=self.child(network.provider),
        )
        return Cluster(
            "cluster",
            name=plan.name,
            version=plan.kubernetes_minor,
            role_arn=self._roles.cluster.arn,
            vpc_config=ClusterVpcConfigArgs(
                subnet_ids=list(network.control_plane_subnets),
                # Nodes stay inside the VPC; people and pipelines come from outside, and IAM is asked about each.
                endpoint_private_access=True,
                endpoint_public_access=True,
            ),
            kubernetes_network_config=ClusterKubernetesNetworkConfigArgs(
                ip_family="ipv4",
                service_ipv4_cidr=plan.service_cidr,
                elastic_load_balancing=auto_mode.load_balancing(plan),
            ),
            compute_config=auto_mode.compute(plan),
            storage_config=auto_mode.disks(plan),
            # Access entries alone, no aws-auth ConfigMap; who makes the cluster may put the objects on it.
            access_config=ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True
            ),
            # Network, DNS and kube-proxy come as add-ons: those that EKS would put there are never updated by it.
            bootstrap_self_managed_addons=False,
            enabled_cluster_log_types=_LOGS,
            # A minor past its support costs six times as much; EKS then takes the next one instead.
            upgrade_policy=ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=plan.deletion_protection,
            opts=self.child(network.provider, (*self._roles.cluster_ready, logs)),
        )

    def _let_in(self, cluster: Cluster) -> tuple[pulumi.Resource, ...]:
        network = self._network
        nodes = auto_mode.AutoModeNodes("auto-mode", self, cluster, roles=self._roles, provider=network.provider)
        return (*nodes.ready, *network.ready)

    def _groups_and_addons(self, cluster: Cluster, rights: tuple[pulumi.Resource, ...]) -> tuple[pulumi.Resource, ...]:
        plan = self._plan
        addons = EksAddons("addons", self, cluster.name, self._roles, self._network.provider)
        self._groups = self._groups_of_interfaces(cluster)
        pools = tuple(self._pool(pool, cluster, addons) for pool in plan.pools if not pool.karpenter)
        volumes = [addons.storage((*pools, *rights))] if has_volumes(plan) else []
        return (*pools, addons.dns(pools), *volumes, *self._karpenter(cluster))

    def _pool(self, pool: PoolPlan, cluster: Cluster, addons: EksAddons) -> NodeGroup:
        network = self._network
        template = self._launch_template(pool)
        group = NodeGroup(
            pool.name,
            node_group_name=pool.name,
            cluster_name=cluster.name,
            node_role_arn=self._roles.nodes.arn,
            subnet_ids=[network.node_subnets[zone] for zone in pool.zones],
            scaling_config=node_group.scaling(pool),
            ami_type=pool.node_image,
            capacity_type=node_group.capacity_type(pool),
            instance_types=node_group.machine_types(pool)[1],
            labels=pool.labels,
            taints=node_group.taints(pool),
            launch_template=NodeGroupLaunchTemplateArgs(id=template.id, version=template.latest_version.apply(str)),
            node_repair_config=NodeGroupNodeRepairConfigArgs(enabled=True),
            update_config=NodeGroupUpdateConfigArgs(max_unavailable=1),
            opts=self.child(
                network.provider,
                (*self._roles.nodes_ready, *addons.before_nodes, *network.ready),
                ignore_changes=list(node_group.IGNORED),
            ),
        )
        self._describe_nodes(pool, group)
        return group

    def _karpenter(self, cluster: Cluster) -> tuple[pulumi.Resource, ...]:
        if not any(component.name == KARPENTER for component in self._plan.components):
            return ()
        provider = self._network.provider
        return KarpenterOnAws("karpenter", self, self._plan, cluster, roles=self._roles, provider=provider).ready

    def _groups_of_interfaces(self, cluster: Cluster) -> list[pulumi.Input[str]]:
        """What EKS puts a node into by itself, and what its adapters need besides."""
        plan, network = self._plan, self._network
        if network.network is None or not any(pool.efa_interfaces for pool in plan.pools):
            return []
        own = efa_security_group(self, plan.cluster.name, network.network, network.provider)
        return [cluster.vpc_config.apply(lambda vpc: vpc.cluster_security_group_id or ""), own.id]

    def _launch_template(self, pool: PoolPlan) -> LaunchTemplate:
        name = f"{self._plan.cluster.name}-{pool.name}"
        return LaunchTemplate(
            pool.name,
            name=name,
            instance_type=node_group.machine_types(pool)[0],
            instance_market_options=node_group.market(pool),
            capacity_reservation_specification=node_group.reservation(pool),
            network_interfaces=interfaces(pool, self._groups),
            block_device_mappings=node_group.disks(pool),
            metadata_options=node_group.metadata(),
            tag_specifications=node_group.machine_tags({**inventory_tags(self._plan), **named(name)}),
            update_default_version=True,
            opts=self.child(self._network.provider),
        )

    def _describe_nodes(self, pool: PoolPlan, group: NodeGroup) -> None:
        scaling_group = group.resources[0].autoscaling_groups[0].name
        for key, value in node_group.template_tags(pool).items():
            Tag(
                f"{pool.name}-{key.partition('node-template/')[2]}",
                autoscaling_group_name=scaling_group,
                # Of the group alone: a machine is described by its labels, and EC2 tags cannot hold all of them.
                tag=TagTagArgs(key=key, value=value, propagate_at_launch=False),
                opts=self.child(self._network.provider),
            )
