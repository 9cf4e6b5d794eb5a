"""The roles of a cluster: of its control plane, its nodes, and of each pod that talks to AWS."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws.eks import PodIdentityAssociation
from pulumi_aws.iam import Role, RolePolicy, RolePolicyAttachment

from aigc.clouds.aws import policies
from aigc.clouds.aws.pod_rights import pod_rights
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


def _role(
    options: pulumi.ResourceOptions,
    cluster: str,
    name: str,
    service: str,
    managed: Sequence[str],
    *,
    session_tags: bool = False,
) -> tuple[Role, tuple[pulumi.Resource, ...]]:
    role = Role(
        name,
        name=policies.role_name(cluster, name),
        assume_role_policy=policies.trust(service, session_tags=session_tags),
        opts=options,
    )
    attached = (
        RolePolicyAttachment(
            f"{name}-{policy.rpartition('/')[2]}",
            role=role.name,
            policy_arn=f"{policies.MANAGED}{policy}",
            opts=options,
        )
        for policy in managed
    )
    return role, tuple(attached)


class EksRoles(Component):
    """Roles that the cluster itself needs; `*_ready` is what must be there before a role is of use.

    `cni` is there where the CNI is an add-on; under Auto Mode it is the control plane's role that has its rights.
    """

    LAYER = "clouds"

    def __init__(self, name: str, parent: Component, plan: StackPlan, provider: pulumi.ProviderResource | None) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        options, cluster, auto = self.child(provider), plan.cluster.name, plan.cluster.auto_mode
        self.cluster, self.cluster_ready = _role(
            options,
            cluster,
            "control-plane",
            policies.CONTROL_PLANE,
            policies.AUTO_MODE_CLUSTER_POLICIES if auto else policies.CLUSTER_POLICIES,
            # The policies of Auto Mode let it touch what carries the name of its own cluster, which is such a tag.
            session_tags=auto,
        )
        self.nodes, self.nodes_ready = _role(
            options,
            cluster,
            policies.NODES,
            "ec2.amazonaws.com",
            policies.AUTO_MODE_NODE_POLICIES if auto else policies.NODE_POLICIES,
        )
        if not auto:
            self.cni, self.cni_ready = _role(options, cluster, "cni", policies.PODS, policies.CNI_POLICIES)
        self.done({})


class EksPodRoles(Component):
    """Roles of pods, each given to a service account by its name (EKS Pod Identity)."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        plan: StackPlan,
        cluster: pulumi.Input[str],
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        options, ready = self.child(provider), []
        for right in pod_rights(plan):
            role, may = _role(options, plan.cluster.name, right.name, policies.PODS, right.managed)
            if right.policy:
                own = RolePolicy(right.name, name=right.name, role=role.name, policy=right.policy, opts=options)
                may = (*may, own)
            association = PodIdentityAssociation(
                right.name,
                cluster_name=cluster,
                namespace=right.namespace,
                service_account=right.service_account,
                role_arn=role.arn,
                opts=self.child(provider, may),
            )
            ready.append(association)
        self.ready: tuple[pulumi.Resource, ...] = tuple(ready)
        """What must be there before these pods: a pod has the rights that its account had when it was made."""
        self.done({})
