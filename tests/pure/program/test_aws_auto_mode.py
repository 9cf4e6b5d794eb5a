"""EKS Auto Mode, from a stack file to the graph: what EKS is asked to bring, and what nobody makes beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import stack_file_faults
from scripts.engine.graph import Graph, Resource
from tests.contracts.report import check_graph
from tests.pure.plan.stacks_for_tests import aws, write
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.test_aws import of_type
from tests.pure.program.test_graph import custom

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com/aigc"
POOLS: dict[str, Any] = {
    "platform": {"machine_type": "c7i.2xlarge", "min_nodes": 2, "max_nodes": 2},
    "l4": {"machine_type": "g6.2xlarge", "capacity": "spot", "max_nodes": 4, "zones": ["us-east-1b"]},
}
STACK = aws(node_provisioning="auto-mode", registry=ECR, pools=POOLS, models={"gpt": {"pool": "l4"}})


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> StackPlan:
    path = write(tmp_path_factory.mktemp("stack"), STACK, "aws-auto")
    assert stack_file_faults(path) == []
    return resolve(parse_stack_file(path), "aws-auto", MODEL_REPOSITORY)


@pytest.fixture(scope="module")
def graph(plan: StackPlan) -> Graph:
    return graph_of(lambda: build(plan), "aws-auto")


def cluster_of(graph: Graph) -> Resource:
    (cluster,) = of_type(graph, "Cluster").values()
    return cluster


def test_aws_would_take_every_argument(graph: Graph) -> None:
    report = check_graph(graph)
    assert report.faults == ()
    assert report.types["aws:eks/accessPolicyAssociation:AccessPolicyAssociation"].resources == 1


def test_compute_disks_and_load_balancers_are_all_eks_own(graph: Graph) -> None:
    inputs = cluster_of(graph).inputs
    assert inputs["computeConfig"]["enabled"] is True
    assert inputs["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert inputs["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
    assert inputs["bootstrapSelfManagedAddons"] is False
    assert inputs["accessConfig"]["authenticationMode"] == "API"


def test_none_of_its_own_node_pools_and_so_no_role_for_them(graph: Graph) -> None:
    """The API wants both or none: a role without node pools is an InvalidParameterException."""
    compute = cluster_of(graph).inputs["computeConfig"]
    assert compute["nodePools"] == [] and compute.get("nodeRoleArn") is None


def attached(graph: Graph, role: str) -> set[str]:
    (urn,) = [item.urn for name, item in of_type(graph, "Role").items() if name == role]
    every = of_type(graph, "RolePolicyAttachment").values()
    return {item.inputs["policyArn"].rpartition("/")[2] for item in every if urn in item.dependencies}


def test_the_control_plane_does_what_addons_did_and_a_node_less(graph: Graph) -> None:
    assert attached(graph, "control-plane") == {
        "AmazonEKSClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
    }
    assert attached(graph, "nodes") == {"AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"}
    roles = of_type(graph, "Role")
    assert set(roles) == {"control-plane", "nodes", "knative"}, "no pod but Knative's talks to AWS"
    (trusted,) = json.loads(roles["control-plane"].inputs["assumeRolePolicy"])["Statement"]
    assert set(trusted["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
    (trusted,) = json.loads(roles["nodes"].inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Action"] == ["sts:AssumeRole"]


def test_nodes_are_let_in(graph: Graph) -> None:
    (entry,) = of_type(graph, "AccessEntry").values()
    (may,) = of_type(graph, "AccessPolicyAssociation").values()
    assert entry.inputs["type"] == "EC2"
    assert may.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"
    assert may.inputs["accessScope"] == {"type": "cluster"}
    (nodes,) = [item for name, item in of_type(graph, "Role").items() if name == "nodes"]
    assert nodes.urn in entry.dependencies and {entry.urn, nodes.urn} <= set(may.dependencies)


def test_nothing_is_made_that_eks_brings(graph: Graph) -> None:
    for kind in ("NodeGroup", "LaunchTemplate", "Addon", "Queue", "InstanceProfile", "Tag"):
        assert of_type(graph, kind) == {}, kind
    assert set(of_type(graph, "PodIdentityAssociation")) == {"knative"}
    releases = {item.name for item in custom(graph) if item.is_release}
    assert releases == {"knative-operator", "kube-prometheus-stack"}
