"""The roles of a cluster: control plane, nodes, and one for each pod that talks to AWS."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws.iam import Role, RolePolicy, RolePolicyAttachment

from aigc.catalog.limits import IAM_ROLE_NAME_CHARS
from aigc.clouds.aws import policies
from aigc.plan.names import physical
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


class EksRoles(Component):
    """Roles with what they may do; `*_ready` is what must be there before a role is of use."""

    LAYER = "clouds"

    def __init__(self, name: str, parent: Component, plan: StackPlan, provider: pulumi.ProviderResource | None) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        self._options = self.child(provider)
        self._prefix = plan.cluster.name
        self.cluster, self.cluster_ready = self._role("control-plane", "eks.amazonaws.com", policies.CLUSTER_POLICIES)
        self.nodes, self.nodes_ready = self._role("nodes", "ec2.amazonaws.com", policies.NODE_POLICIES)
        self.cni, self.cni_ready = self._role("cni", policies.PODS, policies.CNI_POLICIES)
        self.done({})

    def autoscaler(self, cluster: str) -> tuple[Role, RolePolicy]:
        """The role of what adds and removes nodes, and what it may do."""
        role, _ = self._role("autoscaler", policies.PODS, ())
        policy = RolePolicy(
            "autoscaler",
            name="autoscaler",
            role=role.name,
            policy=policies.autoscaler_policy(cluster),
            opts=self._options,
        )
        return role, policy

    def _role(self, name: str, service: str, managed: Sequence[str]) -> tuple[Role, tuple[RolePolicyAttachment, ...]]:
        role = Role(
            name,
            name=physical(f"{self._prefix}-{name}", IAM_ROLE_NAME_CHARS),
            assume_role_policy=policies.trust(service),
            opts=self._options,
        )
        attached = (
            RolePolicyAttachment(
                f"{name}-{policy}", role=role.name, policy_arn=f"{policies.MANAGED}{policy}", opts=self._options
            )
            for policy in managed
        )
        return role, tuple(attached)
