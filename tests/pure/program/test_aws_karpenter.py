"""Karpenter on EKS: which pools are its, what it makes nodes from, and what it may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import get_session

from aigc.clouds.aws.karpenter_policy import karpenter_policy, queue_policy
from aigc.clouds.aws.subnets import control_plane_range
from aigc.foundation.karpenter import chart_values, karpenter_pool_body
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import CapacityType, NamespacePlan, StackPlan
from aigc.policy.pods import pools
from scripts.engine.graph import Graph
from scripts.preview.policy_view import stack_view
from tests.contracts.report import check_graph
from tests.flows.evaluator import Peer, allowed
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import AWS_ZONES, aws_plan, release_plan
from tests.pure.program.test_aws import of_type
from tests.pure.program.test_graph import ancestors, custom, one

IMAGE = "al2023@v20260724"


def plan_with_karpenter() -> StackPlan:
    plan = aws_plan()
    platform, gpu = plan.pools
    gpu = gpu.model_copy(update={"karpenter": True, "node_image": IMAGE, "machine_type": "g6.2xlarge"})
    platform = platform.model_copy(update={"machine_type": "c7i.2xlarge", "max_nodes": 1})
    kept = [part for part in plan.components if part.name != "cluster-autoscaler"]
    return plan.model_copy(
        update={
            "pools": (platform, gpu),
            "components": (*kept, release_plan("karpenter", "1.14.1", "karpenter")),
            "namespaces": (*plan.namespaces, NamespacePlan(name="karpenter", pod_security="restricted")),
        }
    )


PLAN = plan_with_karpenter()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(lambda: build(PLAN), "aws-test")


def test_aws_would_take_every_argument(graph: Graph) -> None:
    assert check_graph(graph).faults == ()


def test_a_pool_has_one_maker(graph: Graph) -> None:
    assert set(of_type(graph, "NodeGroup")) == set(of_type(graph, "LaunchTemplate")) == {"platform"}
    pool, kind = one(graph, "NodePool", "gpu"), one(graph, "EC2NodeClass", "gpu")
    assert kind.urn in ancestors(graph, pool)
    (release,) = [item for item in custom(graph) if item.name == "karpenter" and item.is_release]
    assert release.urn in ancestors(graph, kind), "its nodes go before it does"
    assert of_type(graph, "PodIdentityAssociation")["karpenter"].urn in ancestors(graph, release)
    for needed in (*of_type(graph, "EventTarget").values(), *of_type(graph, "QueuePolicy").values()):
        assert needed.urn in ancestors(graph, release), "a machine may go as soon as there is one"
    assert pool.urn in ancestors(graph, one(graph, "Service", "gpt"))


def test_the_rules_know_the_zones_of_its_nodes(graph: Graph) -> None:
    seen = {pool.resource.kind: pool.zones for pool in pools(stack_view(graph))}
    assert seen["NodePool"] == AWS_ZONES[1:], "as it asks for; the stack has a subnet in each"


def test_a_node_is_what_the_plan_says(graph: Graph) -> None:
    (pool,) = [pool for pool in PLAN.pools if pool.karpenter]
    spec = karpenter_pool_body(pool)["spec"]
    template = spec["template"]
    wanted = {one["key"]: one["values"] for one in template["spec"]["requirements"]}
    assert wanted == {
        "node.kubernetes.io/instance-type": ["g6.2xlarge"],
        "karpenter.sh/capacity-type": ["spot"],
        "topology.kubernetes.io/zone": [AWS_ZONES[1]],
    }
    assert template["metadata"]["labels"] == pool.labels
    assert template["spec"]["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    assert spec["limits"] == {"cpu": "32"}, "four machines of eight processors"
    on_demand = karpenter_pool_body(pool.model_copy(update={"capacity": CapacityType.ON_DEMAND}))["spec"]["template"]
    assert on_demand["spec"]["requirements"][1]["values"] == ["on-demand"]


def test_a_node_finds_the_network_the_role_and_no_newer_image(graph: Graph) -> None:
    spec = one(graph, "EC2NodeClass", "gpu").inputs["spec"]
    assert spec["amiSelectorTerms"] == [{"alias": IMAGE}]
    (found,) = spec["subnetSelectorTerms"]
    subnets = [
        item for item in of_type(graph, "Subnet").values() if found["tags"].items() <= item.inputs["tags"].items()
    ]
    assert {item.name for item in subnets} == {f"nodes-{zone}" for zone in AWS_ZONES}
    (mark,) = [item for item in of_type(graph, "Tag").values() if item.type.startswith("aws:ec2")]
    assert {mark.inputs["key"]: mark.inputs["value"]} == spec["securityGroupSelectorTerms"][0]["tags"]
    (profile,) = of_type(graph, "InstanceProfile").values()
    assert profile.inputs["name"] == spec["instanceProfile"]
    assert (spec["metadataOptions"]["httpTokens"], spec["metadataOptions"]["httpPutResponseHopLimit"]) == (
        "required",
        1,
    )


def test_it_changes_only_what_carries_the_clusters_tag() -> None:
    statements = json.loads(karpenter_policy(PLAN))["Statement"]
    ends = [one for one in statements if "ec2:TerminateInstances" in one["Action"]]
    assert ends and all(
        one["Condition"]["StringEquals"] == {"aws:ResourceTag/kubernetes.io/cluster/aigc-aws-test": "owned"}
        for one in ends
    )
    (passes,) = [one for one in statements if one["Action"] == ["iam:PassRole"]]
    assert passes["Resource"] == "arn:aws:iam::111122223333:role/aigc-aws-test-nodes", "no other role for a machine"
    assert passes["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    changing = [one for one in statements if one["Resource"] == "*"]
    read = ("ec2:Describe", "pricing:Get", "iam:List")
    assert all(action.startswith(read) for one in changing for action in one["Action"])


def test_every_right_is_an_operation_that_aws_has() -> None:
    documents = [json.loads(karpenter_policy(PLAN)), json.loads(queue_policy(PLAN))]
    actions = {action for one in documents for part in one["Statement"] for action in part["Action"]}
    # To hand out a role is a right without an operation of its own.
    actions -= {"sqs:*", "iam:PassRole"}
    services = {action.partition(":")[0] for action in actions}
    known = {service: set(get_session().get_service_model(service).operation_names) for service in services}
    assert [action for action in actions if action.partition(":")[2] not in known[action.partition(":")[0]]] == []


def test_its_rights_and_its_queue_name_one_another(graph: Graph) -> None:
    (queue,) = of_type(graph, "Queue").values()
    arn = f"arn:aws:sqs:us-east-1:111122223333:{queue.inputs['name']}"
    assert [one["Resource"] for one in json.loads(queue_policy(PLAN))["Statement"]] == [arn, arn]
    assert arn in [one["Resource"] for one in json.loads(karpenter_policy(PLAN))["Statement"]]
    assert chart_values(PLAN)["settings"]["interruptionQueue"] == queue.inputs["name"]
    watched = {
        json.loads(rule.inputs["eventPattern"])["detail-type"][0] for rule in of_type(graph, "EventRule").values()
    }
    assert "EC2 Spot Instance Interruption Warning" in watched


@pytest.mark.parametrize(("nodes", "replicas"), [(1, 1), (2, 2), (3, 2)])
def test_no_replica_waits_for_a_node_that_only_it_could_make(nodes: int, replicas: int) -> None:
    platform, gpu = PLAN.pools
    pools = (platform.model_copy(update={"min_nodes": nodes}), gpu)
    assert chart_values(PLAN.model_copy(update={"pools": pools}))["replicas"] == replicas


def test_it_may_talk_to_aws_and_to_the_api_server() -> None:
    policies = network_policies(PLAN, control_plane_range("10.32.0.0/16"))
    karpenter = Peer("karpenter", {"app.kubernetes.io/name": "karpenter"}, "10.32.1.7")
    for target, port in (("52.94.133.1", 443), ("169.254.170.23", 80), ("10.32.224.5", 443)):
        assert allowed(policies, karpenter, Peer(address=target), port), target


def test_without_it_nothing_of_it_is_made() -> None:
    plain: Any = graph_of(lambda: build(aws_plan()), "aws-test")
    for kind in ("Queue", "EventRule", "InstanceProfile"):
        assert not of_type(plain, kind)
    assert all("karpenter.sh/discovery" not in item.inputs["tags"] for item in of_type(plain, "Subnet").values())
