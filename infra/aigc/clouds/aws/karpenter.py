"""What Karpenter needs of AWS besides rights: the nodes' role to hand out, and word of machines that will go."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws.cloudwatch import EventRule, EventTarget
from pulumi_aws.ec2 import Tag
from pulumi_aws.eks import Cluster
from pulumi_aws.iam import InstanceProfile
from pulumi_aws.sqs import Queue, QueuePolicy

from aigc.catalog.labels import DISCOVERY_TAG
from aigc.clouds.aws.karpenter_policy import queue_policy
from aigc.clouds.aws.roles import EksRoles
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component

_EVENTS = {
    "health": ("aws.health", "AWS Health Event"),
    "spot-interruption": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state-change": ("aws.ec2", "EC2 Instance State-change Notification"),
}
"""Name -> who says it and what (karpenter-provider-aws v1.14, 'Getting started'); spot gives two minutes' notice."""
_KEPT_SECONDS = 300
"""Old news: the machine is gone by then."""


class KarpenterOnAws(Component):
    """Instance profile, queue with its rules, and the mark by which node classes find the cluster's security group."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        plan: StackPlan,
        cluster: Cluster,
        *,
        roles: EksRoles,
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        options, named = self.child(provider), plan.cluster.name
        profile = InstanceProfile("nodes", name=named, role=roles.nodes.name, opts=options)
        mark = Tag(
            "security-group",
            resource_id=cluster.vpc_config.apply(lambda vpc: vpc.cluster_security_group_id or ""),
            key=DISCOVERY_TAG,
            value=named,
            opts=options,
        )
        queue = Queue(
            "interruptions",
            name=named,
            message_retention_seconds=_KEPT_SECONDS,
            sqs_managed_sse_enabled=True,
            opts=options,
        )
        policy = QueuePolicy("interruptions", queue_url=queue.url, policy=queue_policy(plan), opts=options)
        targets = tuple(self._told(event, plan, queue, provider) for event in _EVENTS)
        self.ready: tuple[pulumi.Resource, ...] = (profile, mark, policy, *targets)
        """What must be there before it makes a node."""
        self.done({})

    def _told(self, event: str, plan: StackPlan, queue: Queue, provider: pulumi.ProviderResource | None) -> EventTarget:
        source, what = _EVENTS[event]
        rule = EventRule(
            event,
            name=f"{plan.cluster.name}-{event}",
            event_pattern=json.dumps({"source": [source], "detail-type": [what]}, sort_keys=True),
            opts=self.child(provider),
        )
        return EventTarget(event, rule=rule.name, arn=queue.arn, target_id="karpenter", opts=self.child(provider))
