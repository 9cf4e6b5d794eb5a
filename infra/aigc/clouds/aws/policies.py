"""Who may take a role and what it may do, as JSON; pure. Only names go in, so nothing waits for an ARN."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aigc.catalog.limits import IAM_ROLE_NAME_CHARS
from aigc.plan.names import physical

MANAGED = "arn:aws:iam::aws:policy/"
"""Policies that AWS keeps up to date, in the only partition that is built for."""
CLUSTER_POLICIES = ("AmazonEKSClusterPolicy",)
AUTO_MODE_CLUSTER_POLICIES = (
    *CLUSTER_POLICIES,
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""Under Auto Mode EKS makes machines, disks, load balancers and interfaces itself (EKS user guide,
auto-cluster-iam-role)."""
PULL_POLICY = "AmazonEC2ContainerRegistryPullOnly"
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", PULL_POLICY)
"""To join a cluster and to pull images; the CNI has a role of its own, else all that runs on a node could use it."""
AUTO_MODE_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", PULL_POLICY)
"""There a node asks for the credentials of its pods, and for images, and no more (auto-create-node-role)."""
AUTO_NODES_ACCESS = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"
"""What such a node may do on the cluster."""
CNI_POLICIES = ("AmazonEKS_CNI_Policy",)
VOLUME_POLICIES = ("service-role/AmazonEBSCSIDriverPolicy",)
"""To make, attach and delete disks that the driver itself has marked."""
NODES = "nodes"
"""The role of nodes."""
CONTROL_PLANE = "eks.amazonaws.com"
PODS = "pods.eks.amazonaws.com"
"""EKS Pod Identity: a pod's service account takes a role, and no key is kept anywhere."""


def role_name(cluster: str, name: str) -> str:
    """What a role of a cluster is called in the account."""
    return physical(f"{cluster}-{name}", IAM_ROLE_NAME_CHARS)


def trust(service: str, *, session_tags: bool = False) -> str:
    """That a service of AWS may take the role; for pods always with the tags that say which pod it is."""
    actions = ["sts:AssumeRole", "sts:TagSession"] if session_tags or service == PODS else ["sts:AssumeRole"]
    return document([allow(actions, Principal={"Service": service})])


def autoscaler_policy(cluster: str) -> str:
    """To look at everything there is to choose from, and to resize the groups of this cluster alone.

    EKS itself puts the tag on the group of each managed node group (EKS user guide, 'Managed node groups').
    """
    look = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    resize = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    ours = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    return document(
        [
            # None of these can be limited to a resource (Service Authorization Reference).
            allow(look, Resource="*"),
            allow(["eks:DescribeNodegroup"], Resource=f"arn:aws:eks:*:*:nodegroup/{cluster}/*"),
            allow(resize, Resource="*", Condition=ours),
        ]
    )


def read_folder(bucket: str, folder: str) -> list[dict[str, Any]]:
    """To read what is in a folder of a bucket (its name ends in a slash), and to list that alone."""
    return [
        allow(["s3:GetObject"], Resource=f"arn:aws:s3:::{bucket}/{folder}*"),
        allow(
            ["s3:ListBucket"],
            Resource=f"arn:aws:s3:::{bucket}",
            Condition={"StringLike": {"s3:prefix": f"{folder}*"}},
        ),
    ]


def allow(actions: Sequence[str], **rest: Any) -> dict[str, Any]:
    """One statement of a policy."""
    return {"Effect": "Allow", "Action": list(actions), **rest}


def document(statements: Sequence[dict[str, Any]]) -> str:
    """A policy as JSON, the same on every run."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)
