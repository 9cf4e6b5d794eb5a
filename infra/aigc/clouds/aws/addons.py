"""What EKS installs on a cluster and keeps up to date: network with policies, DNS, Services, pod identity, volumes.

None has a version here: EKS takes the one that belongs to the cluster's minor when it makes it, and leaves it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws.eks import Addon, AddonPodIdentityAssociationArgs

from aigc.clouds.aws.roles import EksRoles
from aigc.tokens import Component

CNI = "vpc-cni"
EBS = "aws-ebs-csi-driver"
CNI_SETTINGS = {"enableNetworkPolicy": "true"}
"""The CNI enforces nothing unless told so, and a stack that ships policies must not be the one that ignores them."""


class EksAddons(Component):
    """Add-ons in two steps: a node is Ready only with a network, and DNS runs only on a node."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        cluster: pulumi.Input[str],
        roles: EksRoles,
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        self._cluster, self._aws = cluster, provider
        identity = self._addon("eks-pod-identity-agent")
        cni_role = AddonPodIdentityAssociationArgs(service_account="aws-node", role_arn=roles.cni.arn)
        cni = Addon(
            CNI,
            addon_name=CNI,
            cluster_name=cluster,
            configuration_values=json.dumps(CNI_SETTINGS),
            pod_identity_associations=[cni_role],
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self.child(provider, (identity, *roles.cni_ready)),
        )
        self.before_nodes: tuple[pulumi.Resource, ...] = (identity, cni, self._addon("kube-proxy"))
        self.done({})

    def dns(self, nodes: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """CoreDNS, which only counts as made once its pods run."""
        dns: pulumi.Resource = self._addon("coredns", nodes)
        return dns

    def storage(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """The driver of EBS: its pods need nodes, and the right to make disks when they start."""
        driver: pulumi.Resource = self._addon(EBS, after)
        return driver

    def _addon(self, name: str, after: Sequence[pulumi.Resource] = ()) -> Addon:
        return Addon(
            name,
            addon_name=name,
            cluster_name=self._cluster,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self.child(self._aws, after),
        )
