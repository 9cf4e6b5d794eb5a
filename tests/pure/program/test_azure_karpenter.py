"""Node auto-provisioning on AKS: which pools are Karpenter's, what it makes nodes from, and who enforces policies."""

from __future__ import annotations

import pytest

from aigc.catalog.kinds import NetworkPolicyEngine
from aigc.clouds.azure.identities import READER
from aigc.foundation.node_auto_provisioning import node_class_body, pool_body
from aigc.plan.stack_plan import CapacityType, PoolPlan, StackPlan
from aigc.policy.judge import judge
from scripts.engine.graph import Graph
from scripts.preview.policy_view import stack_view
from tests.contracts.mutations import misspelt, of_no_such_value
from tests.contracts.report import check, check_graph
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import azure_plan
from tests.pure.program.test_azure import of_type, the_cluster
from tests.pure.program.test_graph import ancestors, custom, one


def azure_auto_plan() -> StackPlan:
    """A stack where AKS' Karpenter makes the GPUs' nodes, and with it Cilium in place of Calico."""
    plan = azure_plan()
    platform, gpu = plan.pools
    karpenters = {"node_auto_provisioning": True, "network_policy": NetworkPolicyEngine.CILIUM}
    machines = {"karpenter": True, "machine_type": "Standard_NC8as_T4_v3"}
    return plan.model_copy(
        update={
            "stack": "azure-auto",
            "azure": plan.azure.model_copy(update=karpenters) if plan.azure else None,
            "pools": (platform.model_copy(update={"max_nodes": 1}), gpu.model_copy(update=machines)),
        }
    )


PLAN = azure_auto_plan()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(lambda: build(PLAN), "azure-auto")


def gpu() -> PoolPlan:
    (pool,) = [pool for pool in PLAN.pools if pool.karpenter]
    return pool


def test_azure_would_take_every_argument(graph: Graph) -> None:
    assert check_graph(graph).faults == ()


def test_azures_model_knows_the_choice_and_would_find_another(graph: Graph) -> None:
    cluster = the_cluster(graph)
    profile = {key: cluster.inputs[key] for key in ("nodeProvisioningProfile", "networkProfile")}
    wrong = {one.path for one in of_no_such_value(profile) if check(cluster.type, one.inputs).faults}
    choices = {"nodeProvisioningProfile.mode", "nodeProvisioningProfile.defaultNodePools"}
    assert choices | {"networkProfile.networkDataplane"} <= wrong
    assert all(check(cluster.type, one.inputs).faults for one in misspelt(profile))


def test_aks_runs_karpenter_and_makes_no_pool_that_the_plan_has_not(graph: Graph) -> None:
    inputs = the_cluster(graph).inputs
    assert inputs["nodeProvisioningProfile"] == {"mode": "Auto", "defaultNodePools": "None"}
    assert "autoScalerProfile" not in inputs
    plain = the_cluster(graph_of(lambda: build(azure_plan()), "azure-test")).inputs
    assert "nodeProvisioningProfile" not in plain and plain["autoScalerProfile"]["expander"] == "least-waste"


def test_cilium_enforces_policies_for_karpenter_does_not_go_with_calico(graph: Graph) -> None:
    profile = the_cluster(graph).inputs["networkProfile"]
    assert (profile["networkPolicy"], profile["networkDataplane"]) == ("cilium", "cilium")
    assert (profile["networkPlugin"], profile["networkPluginMode"]) == ("azure", "overlay")
    assert profile["loadBalancerSku"] == "standard", "Karpenter in a network of one's own wants it"


def test_a_pool_that_keeps_nodes_has_them_and_no_autoscaler(graph: Graph) -> None:
    cluster = the_cluster(graph)
    (system,) = cluster.inputs["agentPoolProfiles"]
    assert (system["name"], system["enableAutoScaling"], system["count"]) == ("platform", False, 1)
    assert not {"minCount", "maxCount"} & system.keys()
    assert cluster.ignore_changes == [], "the number is the plan's: nobody else changes it"
    assert not of_type(graph, "AgentPool")


def test_a_pool_that_keeps_none_is_karpenters(graph: Graph) -> None:
    pool, node_class = one(graph, "NodePool", "gpu"), one(graph, "AKSNodeClass", "gpu")
    assert node_class.urn in ancestors(graph, pool)
    assert the_cluster(graph).urn in ancestors(graph, node_class), "AKS brings the kinds"
    assert pool.urn in ancestors(graph, one(graph, "Service", "gpt"))
    assert not [item for item in custom(graph) if item.name == "karpenter" and item.is_release]


def test_a_node_is_what_the_plan_says() -> None:
    spec = pool_body(PLAN, gpu())["spec"]
    template = spec["template"]
    wanted = {one["key"]: one["values"] for one in template["spec"]["requirements"]}
    assert wanted == {
        "node.kubernetes.io/instance-type": ["Standard_NC8as_T4_v3"],
        "karpenter.sh/capacity-type": ["spot"],
        "topology.kubernetes.io/zone": ["eastus-1"],
    }
    assert template["metadata"]["labels"] == gpu().labels
    assert template["spec"]["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "kubernetes.azure.com/scalesetpriority", "value": "spot", "effect": "NoSchedule"},
    ]
    assert template["spec"]["nodeClassRef"] == {"group": "karpenter.azure.com", "kind": "AKSNodeClass", "name": "gpu"}
    assert template["spec"]["expireAfter"] == "Never"
    assert spec["limits"] == {"cpu": "32"}, "four machines of eight processors"
    anywhere = gpu().model_copy(update={"zones": (), "capacity": CapacityType.ON_DEMAND})
    requirements = pool_body(PLAN, anywhere)["spec"]["template"]["spec"]["requirements"]
    assert [one["values"] for one in requirements] == [["Standard_NC8as_T4_v3"], ["on-demand"]], "no empty list"


def test_a_node_is_made_as_one_of_an_agent_pool(graph: Graph) -> None:
    (system,) = the_cluster(graph).inputs["agentPoolProfiles"]
    spec = node_class_body(PLAN, gpu())["spec"]
    assert (spec["imageFamily"], spec["maxPods"]) == (system["osSKU"], system["maxPods"])
    assert (spec["osDiskSizeGB"], spec["tags"]["aigc-stack"]) == (100, "azure-auto")


def test_karpenter_may_look_at_the_network_and_nobody_else_may(graph: Graph) -> None:
    looks = of_type(graph, "RoleAssignment")["control-plane-looks"]
    (network,) = of_type(graph, "VirtualNetwork").values()
    assert looks.inputs["roleDefinitionId"].endswith(READER)
    assert looks.property_dependencies["scope"] == [network.urn]
    assert looks.urn in ancestors(graph, the_cluster(graph))
    assert "control-plane-looks" not in of_type(graph_of(lambda: build(azure_plan()), "azure-test"), "RoleAssignment")


def test_the_rules_of_the_house_hold(graph: Graph) -> None:
    broken = {one.rule.name: one.findings for one in judge(stack_view(graph)) if one.findings}
    assert not {"back-from-zero", "network-policy-is-enforced", "taints-are-tolerated"} & broken.keys(), broken
    assert "autoscaled-counts-are-ignored" not in broken
