"""Pools of EKS that are more than a machine type: reserved ones and those whose accelerator is not NVIDIA's."""

from __future__ import annotations

from typing import Any

import pytest

from aigc.clouds.aws import node_group
from aigc.foundation.accelerators import efa_values, neuron_values, nvidia_values
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import CapacityType, PoolPlan, Taint
from scripts.engine.graph import Graph
from tests.contracts.report import check_graph
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, pool_plan, release_plan
from tests.pure.program.test_aws import of_type

ODCR = "cr-0123456789abcdef0"


def graph_with(pool: PoolPlan, *more: str) -> Graph:
    """The stack of the other tests with one more pool; what it asks for is what AWS' models allow."""
    plan = aws_plan()
    others = tuple(one.model_copy(update={"machine_type": "c7i.2xlarge"}) for one in plan.pools)
    components = (*plan.components, *(release_plan(name, "1.0.0", "accelerators") for name in more))
    plan = plan.model_copy(update={"pools": (*others, pool), "components": components})
    graph = graph_of(lambda: build(plan), "aws-test")
    assert check_graph(graph).faults == ()
    return graph


def reserved(**changes: Any) -> PoolPlan:
    usual = {
        "zones": ("us-east-1b",), "capacity": CapacityType.RESERVED, "reservation": ODCR,
        "machine_type": "p5.48xlarge", "node_image": "AL2023_x86_64_NVIDIA",
    }  # fmt: skip
    return pool_plan("held", **usual | changes)


def test_a_pool_takes_the_machines_of_its_reservation_and_no_others() -> None:
    graph = graph_with(reserved())
    template, group = of_type(graph, "LaunchTemplate")["held"].inputs, of_type(graph, "NodeGroup")["held"].inputs
    target = {"capacityReservationTarget": {"capacityReservationId": ODCR}}
    assert template["capacityReservationSpecification"] == target
    assert "instanceMarketOptions" not in template and "instanceType" not in template
    assert (group["capacityType"], group["instanceTypes"], len(group["subnetIds"])) == ("ON_DEMAND", ["p5.48xlarge"], 1)
    others = of_type(graph, "LaunchTemplate")["gpu"].inputs
    assert "capacityReservationSpecification" not in others


def test_a_capacity_block_is_a_market_of_its_own_with_its_machine_in_the_template() -> None:
    graph = graph_with(reserved(capacity_block=True))
    template, group = of_type(graph, "LaunchTemplate")["held"].inputs, of_type(graph, "NodeGroup")["held"].inputs
    assert template["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert template["capacityReservationSpecification"]["capacityReservationTarget"]["capacityReservationId"] == ODCR
    assert (template["instanceType"], group["capacityType"]) == ("p5.48xlarge", "CAPACITY_BLOCK")
    assert "instanceTypes" not in group, "EKS refuses a machine type that is said twice"


NEURON = Taint(key="aws.amazon.com/neuron", value="present", effect="NoSchedule")


def neuron(**changes: Any) -> PoolPlan:
    usual = {
        "zones": ("us-east-1b",), "machine_type": "inf2.24xlarge", "node_image": "AL2023_x86_64_NEURON",
        "accelerator": "aws-inferentia2", "resource_key": NEURON.key, "taints": (NEURON,), "accelerators_per_node": 6,
    }  # fmt: skip
    return pool_plan("chips", **usual | changes)


def test_an_empty_group_of_chips_says_how_many_its_nodes_will_have() -> None:
    prefix = "k8s.io/cluster-autoscaler/node-template"
    tags = node_group.template_tags(neuron())
    assert tags[f"{prefix}/resources/aws.amazon.com/neuron"] == "6"
    assert tags[f"{prefix}/taint/aws.amazon.com/neuron"] == "present:NoSchedule"
    # GPUs it knows by the machine type.
    assert not [key for key in node_group.template_tags(pool_plan()) if "resources/nvidia" in key]


def test_each_makers_plugin_runs_on_its_own_pools_and_after_its_namespace() -> None:
    graph = graph_with(neuron(), "neuron-device-plugin")
    releases = {item.name: item for item in graph.resources if item.is_release}
    plugin = releases["neuron-device-plugin"].inputs["values"]["devicePlugin"]
    (term,) = plugin["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["chips"]
    assert plugin["tolerations"] == [{"operator": "Equal", **NEURON.model_dump()}]
    assert plugin["namespaceOverride"] == releases["neuron-device-plugin"].inputs["namespace"]
    assert of_type(graph, "NodeGroup")["chips"].inputs["amiType"] == "AL2023_x86_64_NEURON"


def test_plugins_leave_each_others_nodes_alone() -> None:
    plan = aws_plan()
    plan = plan.model_copy(update={"pools": (*plan.pools, neuron())})
    values = [nvidia_values(plan), neuron_values(plan)["devicePlugin"]]
    assert [value["tolerations"][0]["key"] for value in values] == ["nvidia.com/gpu", NEURON.key]
    assert neuron_values(plan)["npd"] == {"enabled": False}, "it would be privileged on every node"


def test_only_neurons_plugin_may_ask_the_api_server() -> None:
    plan = aws_plan()

    def clients(plan: Any) -> list[Any]:
        policies = network_policies(plan, "10.32.224.0/24")
        return [
            one["spec"]["podSelector"]
            for one in policies
            if one["metadata"]["namespace"] == "accelerators" and "api-server" in one["metadata"]["name"]
        ]

    assert clients(plan) == []
    with_neuron = (*plan.components, release_plan("neuron-device-plugin", "1.0.0", "accelerators"))
    assert clients(plan.model_copy(update={"components": with_neuron})) == [
        {"matchLabels": {"name": "neuron-device-plugin-ds"}}
    ]


@pytest.mark.parametrize(("count", "cards"), [(1, [(0, 0), (0, 1)]), (4, [(0, 0), (0, 1), (1, 0), (2, 0), (3, 0)])])
def test_adapters_lie_on_cards_of_their_own_beside_the_usual_interface(
    count: int, cards: list[tuple[int, int]]
) -> None:
    pool = neuron(efa_interfaces=count)
    graph = graph_with(pool, "efa-device-plugin")
    made = of_type(graph, "LaunchTemplate")["chips"].inputs["networkInterfaces"]
    assert [(one["networkCardIndex"], one["deviceIndex"]) for one in made] == cards
    assert [one["interfaceType"] for one in made] == ["interface", *["efa-only"] * count]
    assert all(len(one["securityGroups"]) == 2 for one in made), "EKS adds its own to none that a template names"
    (group,) = of_type(graph, "SecurityGroup").values()
    for way in ("ingress", "egress"):
        (rule,) = group.inputs[way]
        assert (rule["self"], rule["protocol"]) == (True, "-1")
    assert "networkInterfaces" not in of_type(graph, "LaunchTemplate")["gpu"].inputs
    assert node_group.template_tags(pool)["k8s.io/cluster-autoscaler/node-template/resources/vpc.amazonaws.com/efa"]


def test_the_adapters_plugin_runs_where_they_are() -> None:
    plan = aws_plan()
    values = efa_values(plan.model_copy(update={"pools": (*plan.pools, neuron(efa_interfaces=2))}))
    assert values["supportedInstanceLabels"] == {"keys": ["aigc/pool"], "values": ["chips"]}
    assert [one["key"] for one in values["tolerations"]] == [NEURON.key]


def test_without_adapters_there_is_no_group_for_them() -> None:
    assert not of_type(graph_with(neuron()), "SecurityGroup")


def test_bottlerocket_keeps_images_and_pods_on_its_second_disk_and_brings_its_plugin() -> None:
    pool = pool_plan("rocket", zones=("us-east-1b",), machine_type="g6.2xlarge", disk_gib=80,
                     node_image="BOTTLEROCKET_x86_64_NVIDIA")  # fmt: skip
    disks = of_type(graph_with(pool), "LaunchTemplate")["rocket"].inputs["blockDeviceMappings"]
    assert [(disk["deviceName"], disk["ebs"].get("volumeSize")) for disk in disks] == [
        ("/dev/xvda", None), ("/dev/xvdb", 80),
    ]  # fmt: skip
    assert all(disk["ebs"]["encrypted"] == "true" for disk in disks)
    plan = aws_plan()
    values = nvidia_values(plan.model_copy(update={"pools": (*plan.pools, pool)}))
    (term,) = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"][0]["values"] == ["gpu"]
