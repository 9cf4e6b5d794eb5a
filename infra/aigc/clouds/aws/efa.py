"""Elastic Fabric Adapters: interfaces between the nodes of a pool that pass the kernel by; pure but for the group.

The layout is that of the EC2 user guide ('Maximize network bandwidth', efa-acc-inst-types): the first card has the
usual interface and an adapter beside it, every further card an adapter alone. An adapter alone has no address, so the
pods' subnets lose none.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws.ec2 import (
    LaunchTemplateNetworkInterfaceArgs,
    SecurityGroup,
    SecurityGroupEgressArgs,
    SecurityGroupIngressArgs,
)

from aigc.clouds.aws.tags import named
from aigc.plan.stack_plan import PoolPlan
from aigc.tokens import Component

_EVERYTHING = {"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}


def efa_security_group(
    parent: Component, cluster: str, network: pulumi.Input[str], provider: pulumi.ProviderResource | None
) -> SecurityGroup:
    """Everything between its members, both ways: EFA has no ports, and a rule for addresses does not let it out."""
    name = f"{cluster}-efa"
    return SecurityGroup(
        "efa",
        name=name,
        description="Elastic Fabric Adapters of one cluster talk to each other",
        vpc_id=network,
        ingress=[SecurityGroupIngressArgs(**_EVERYTHING)],
        egress=[SecurityGroupEgressArgs(**_EVERYTHING)],
        tags=named(name),
        opts=parent.child(provider),
    )


def interfaces(pool: PoolPlan, groups: Sequence[pulumi.Input[str]]) -> list[LaunchTemplateNetworkInterfaceArgs] | None:
    """None: EC2 makes the usual one, in the groups that EKS adds; who names interfaces names their groups, too."""
    if not pool.efa_interfaces:
        return None

    def interface(card: int, device: int, kind: str) -> LaunchTemplateNetworkInterfaceArgs:
        return LaunchTemplateNetworkInterfaceArgs(
            network_card_index=card,
            device_index=device,
            interface_type=kind,
            security_groups=list(groups),
            delete_on_termination="true",
        )

    first = [interface(0, 0, "interface"), interface(0, 1, "efa-only")]
    return [*first, *(interface(card, 0, "efa-only") for card in range(1, pool.efa_interfaces))]
