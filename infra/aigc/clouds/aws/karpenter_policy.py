"""What Karpenter may do on AWS, as JSON; pure.

The actions and the tags are those of its own CloudFormation template (karpenter-provider-aws v1.14, 'Getting started'),
less what makes instance profiles: the stack makes the one there is.
"""

from __future__ import annotations

import json
from typing import Any

from aigc.clouds.aws.policies import NODES, role_name
from aigc.plan.stack_plan import StackPlan

_MADE = ("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request")
_LOOKED_AT = (
    "CapacityReservations", "Images", "Instances", "InstanceStatus", "InstanceTypeOfferings", "InstanceTypes",
    "LaunchTemplates", "PlacementGroups", "SecurityGroups", "SpotPriceHistory", "Subnets",
)  # fmt: skip


def karpenter_policy(plan: StackPlan) -> str:
    """It makes, marks and ends machines that carry this cluster's tag, and hands them the nodes' role alone."""
    cluster = plan.cluster.name
    ec2, ours = f"arn:aws:ec2:{plan.region}", f"kubernetes.io/cluster/{cluster}"
    made = [f"{ec2}:*:{kind}/*" for kind in _MADE]
    asked = {
        "StringEquals": {f"aws:RequestTag/{ours}": "owned", "aws:RequestTag/eks:eks-cluster-name": cluster},
        "StringLike": {"aws:RequestTag/karpenter.sh/nodepool": "*"},
    }
    has = {
        "StringEquals": {f"aws:ResourceTag/{ours}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    creation = {"ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"]}
    used = [f"{ec2}::image/*", f"{ec2}::snapshot/*", f"{ec2}:*:security-group/*", f"{ec2}:*:subnet/*"]
    renamed = {
        **has,
        "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]},
    }
    return _document(
        _allow(["ec2:RunInstances", "ec2:CreateFleet"], used),
        _allow(["ec2:RunInstances", "ec2:CreateFleet"], f"{ec2}:*:launch-template/*", has),
        _allow(["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"], made, asked),
        _allow(["ec2:CreateTags"], made, {**asked, "StringEquals": {**asked["StringEquals"], **creation}}),
        _allow(["ec2:CreateTags"], f"{ec2}:*:instance/*", renamed),
        _allow(
            ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            [f"{ec2}:*:instance/*", f"{ec2}:*:launch-template/*"],
            has,
        ),
        *_around_machines(plan),
    )


def _around_machines(plan: StackPlan) -> list[dict[str, Any]]:
    """To look at what there is to choose from, to hand out the nodes' role, and to hear what will go."""
    cluster, region, account = plan.cluster.name, plan.region, plan.account
    nodes = f"arn:aws:iam::{account}:role/{role_name(cluster, NODES)}"
    return [
        _allow([f"ec2:Describe{what}" for what in _LOOKED_AT], "*", {"StringEquals": {"aws:RequestedRegion": region}}),
        _allow(["ssm:GetParameter"], f"arn:aws:ssm:{region}::parameter/aws/service/*"),
        _allow(["pricing:GetProducts", "iam:ListInstanceProfiles"], "*"),
        _allow(["iam:GetInstanceProfile"], f"arn:aws:iam::{account}:instance-profile/*"),
        _allow(["iam:PassRole"], nodes, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        _allow(["eks:DescribeCluster"], f"arn:aws:eks:{region}:{account}:cluster/{cluster}"),
        _allow(
            ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], f"arn:aws:sqs:{region}:{account}:{cluster}"
        ),
    ]


def queue_policy(plan: StackPlan) -> str:
    """That AWS may tell the queue, and nobody without TLS anything."""
    queue = f"arn:aws:sqs:{plan.region}:{plan.account}:{plan.cluster.name}"
    tell = _allow(["sqs:SendMessage"], queue) | {"Principal": {"Service": ["events.amazonaws.com"]}}
    plain = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["sqs:*"],
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return _document(tell, plain)


def _allow(actions: list[str], resource: str | list[str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)
