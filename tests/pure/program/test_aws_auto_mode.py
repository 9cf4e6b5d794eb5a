"""EKS Auto Mode, from a stack file to the graph: what EKS is asked to bring, and what nobody makes beside it."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from aigc.clouds.aws.subnets import control_plane_range
from aigc.cluster.auto_mode import node_class_body, node_pool_bodies, nodes_by_zone
from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.foundation.network_policy import network_policies
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, StackPlan
from aigc.plan.validation import stack_file_faults
from aigc.policy.judge import judge
from scripts.engine.graph import Graph, Resource
from scripts.preview.policy_view import stack_view
from tests.contracts.report import check_graph
from tests.flows.evaluator import Peer, allowed, denied
from tests.pure.plan.stacks_for_tests import aws, write
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, pool_plan
from tests.pure.program.test_aws import of_type
from tests.pure.program.test_graph import ancestors, custom, one

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com/aigc"
POOLS: dict[str, Any] = {
    "platform": {"machine_type": "c7i.2xlarge", "min_nodes": 2, "max_nodes": 2},
    "l4": {"machine_type": "g6.2xlarge", "capacity": "spot", "max_nodes": 4, "zones": ["us-east-1b"]},
}
GPT: dict[str, Any] = {"pool": "l4", "source": {"kind": "bucket"}}
STACK = aws(node_provisioning="auto_mode", registry=ECR, pools=POOLS, models={"gpt": GPT})


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
    assert set(roles) == {"control-plane", "nodes", "knative", "model-gpt"}, "no other pod talks to AWS"
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
    for kind in ("NodeGroup", "LaunchTemplate", "Queue", "InstanceProfile", "Tag"):
        assert of_type(graph, kind) == {}, kind
    assert set(of_type(graph, "Addon")) == {"aws-mountpoint-s3-csi-driver"}, "which EKS does not bring"
    assert set(of_type(graph, "PodIdentityAssociation")) == {"knative", "model-gpt"}
    releases = {item.name for item in custom(graph) if item.is_release}
    assert releases == {"knative-operator", "kube-prometheus-stack"}


def pools_of(graph: Graph) -> dict[str, dict[str, Any]]:
    return {item.name: item.inputs["spec"] for item in custom(graph) if item.type.endswith(":NodePool")}


def test_a_pool_that_grows_from_none_is_what_the_plan_says(plan: StackPlan, graph: Graph) -> None:
    (pool,) = [one for one in plan.pools if one.name == "l4"]
    spec = pools_of(graph)["l4-scaled"]
    template = spec["template"]
    assert {wanted["key"]: wanted["values"] for wanted in template["spec"]["requirements"]} == {
        "node.kubernetes.io/instance-type": ["g6.2xlarge"],
        "karpenter.sh/capacity-type": ["spot"],
        "topology.kubernetes.io/zone": ["us-east-1b"],
    }
    assert template["spec"]["nodeClassRef"] == {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "l4"}
    assert template["metadata"]["labels"] == pool.labels
    assert template["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert spec["limits"] == {"cpu": "32"} and "replicas" not in spec
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmpty"


def test_a_pool_that_keeps_its_nodes_has_them_in_each_zone(graph: Graph) -> None:
    pools = pools_of(graph)
    assert set(pools) == {"l4-scaled", "platform-us-east-1a-fixed", "platform-us-east-1b-fixed"}
    for zone in ("us-east-1a", "us-east-1b"):
        spec = pools[f"platform-{zone}-fixed"]
        assert (spec["replicas"], spec["limits"]) == (1, {"nodes": 2}), "a new one comes before an old one goes"
        assert spec["template"]["spec"]["requirements"][2]["values"] == [zone]
        assert spec["template"]["spec"]["requirements"][1]["values"] == ["on-demand"]
        assert spec["template"]["spec"]["nodeClassRef"]["name"] == "platform"


@pytest.mark.parametrize(("nodes", "numbers"), [(1, [1]), (2, [1, 1]), (4, [2, 1, 1]), (6, [2, 2, 2])])
def test_a_number_of_nodes_is_spread_over_zones(nodes: int, numbers: list[int]) -> None:
    pool = pool_plan(min_nodes=nodes, max_nodes=nodes, zones=("a", "b", "c"))
    assert list(nodes_by_zone(pool).values()) == numbers
    assert list(nodes_by_zone(pool)) == ["a", "b", "c"][: len(numbers)]


def test_a_pool_that_changes_its_kind_is_another_object() -> None:
    """`replicas` cannot be taken away, so the same name would be refused for ever."""

    def names(name: str, nodes: int) -> set[str]:
        pool = pool_plan(name, min_nodes=nodes, max_nodes=4, zones=("a",))
        return {str(body["metadata"]["name"]) for body in node_pool_bodies(pool)}

    every = [names(name, nodes) for name in ("gpu", "gpu-scaled", "gpu-a-fixed", "x" * 63) for nodes in (0, 4)]
    assert len(set().union(*every)) == len(every)
    assert all(len(name) <= 63 for each in every for name in each)


def test_reserved_machines_are_the_only_ones_of_their_pool(plan: StackPlan) -> None:
    reservation = {"capacity": CapacityType.RESERVED, "reservation": "cr-0123456789abcdef0"}
    pool = plan.pools[0].model_copy(update={**reservation, "zones": ("us-east-1a",), "surge_nodes": 0})
    (body,) = node_pool_bodies(pool)
    assert body["spec"]["template"]["spec"]["requirements"][1]["values"] == ["reserved"]
    assert (body["spec"]["replicas"], body["spec"]["limits"]) == (2, {"nodes": 2})
    assert node_class_body(plan, pool)["spec"]["capacityReservationSelectorTerms"] == [{"id": "cr-0123456789abcdef0"}]
    assert "capacityReservationSelectorTerms" not in node_class_body(plan, plan.pools[0])["spec"]


def test_a_node_finds_its_network_and_takes_the_role_that_is_let_in(plan: StackPlan, graph: Graph) -> None:
    spec = one(graph, "NodeClass", "l4").inputs["spec"]
    (found,) = spec["subnetSelectorTerms"]
    subnets = [
        item for item in of_type(graph, "Subnet").values() if found["tags"].items() <= item.inputs["tags"].items()
    ]
    assert {item.name for item in subnets} == {"nodes-us-east-1a", "nodes-us-east-1b"}
    assert spec["securityGroupSelectorTerms"] == [{"tags": {"aws:eks:cluster-name": plan.cluster.name}}]
    assert spec["role"] == of_type(graph, "Role")["nodes"].inputs["name"]
    assert spec["ephemeralStorage"] == {"size": "100Gi"}
    assert "tags" not in spec, "the control plane may not make machines with tags of ours"


def test_nodes_come_after_what_they_need_and_before_who_needs_them(graph: Graph) -> None:
    needed = (
        *of_type(graph, "AccessPolicyAssociation").values(),
        *of_type(graph, "Route").values(),
        *of_type(graph, "RolePolicyAttachment").values(),
        *(item for item in custom(graph) if item.type.endswith(":NodeClass")),
    )
    pools = [item for item in custom(graph) if item.type.endswith(":NodePool")]
    for pool in pools:
        assert {item.urn for item in needed if not item.name.startswith(("knative", "model"))} <= ancestors(graph, pool)
    users = (
        of_type(graph, "Addon")["aws-mountpoint-s3-csi-driver"],
        one(graph, "Service", "gpt"),
        *(item for item in custom(graph) if item.name == "kube-prometheus-stack"),
    )
    for user in users:
        assert {pool.urn for pool in pools} <= ancestors(graph, user), user.urn


def test_policies_are_enforced_from_the_first_node_on(graph: Graph) -> None:
    switch = one(graph, "ConfigMap", "amazon-vpc-cni")
    assert switch.inputs["data"] == {"enable-network-policy-controller": "true"}
    for item in custom(graph):
        if item.type.endswith((":NodePool", ":NodeClass")):
            assert switch.urn in ancestors(graph, item)
        if item.type.endswith(":NodeClass"):
            assert item.inputs["spec"]["networkPolicy"] == "DefaultAllow"


def test_a_resolver_that_is_no_pod_is_asked(plan: StackPlan) -> None:
    """DNS is a process of each node, at an address of the Services' range (aws/containers-roadmap, issue 2552)."""
    policies = network_policies(plan, control_plane_range(plan.cluster.node_cidr or ""))
    gpt = Peer("models", {"aigc/endpoint": "gpt"}, "10.32.1.9")
    resolver = Peer(address=str(IPv4Network(plan.cluster.service_cidr or "")[10]))
    assert allowed(policies, gpt, resolver, 53, "UDP") and denied(policies, gpt, resolver, 80)


def test_the_gateway_faces_the_internet(graph: Graph) -> None:
    (serving,) = [item for item in custom(graph) if item.type.endswith(":KnativeServing")]
    (kourier,) = serving.inputs["spec"]["services"]
    scheme = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}
    assert kourier == {"name": "kourier", "annotations": scheme}
    (elsewhere,) = [
        item
        for item in custom(graph_of(lambda: build(aws_plan()), "aws-test"))
        if item.type.endswith(":KnativeServing")
    ]
    assert "services" not in elsewhere.inputs["spec"]


def test_a_claim_is_served_by_its_driver_and_no_role_of_a_pod(graph: Graph) -> None:
    kind = one(graph, "StorageClass", "aigc-gp3")
    assert kind.inputs["provisioner"] == "ebs.csi.eks.amazonaws.com"
    (claimant,) = [item for item in custom(graph) if item.name == "kube-prometheus-stack"]
    claim = claimant.inputs["values"]["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim["storageClassName"] == kind.inputs["metadata"]["name"] and kind.urn in ancestors(graph, claimant)


def test_no_rule_of_the_house_is_broken(graph: Graph) -> None:
    broken = {verdict.rule.name: verdict.findings for verdict in judge(stack_view(graph)) if verdict.broken}
    assert broken == {}
