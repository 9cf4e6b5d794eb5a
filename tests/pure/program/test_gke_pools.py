"""From a pool of the plan to node pools of GKE: slices, placement, GPUs cut and shared, ways of paying."""

from __future__ import annotations

from typing import Any

import pytest

from aigc.plan.stack_plan import CapacityType, ComputeClassPlan, GpuSharing, PoolPlan, SharingPlan, StackPlan, Taint
from scripts.engine.graph import Graph, Resource
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import gcp_plan, platform_pool, pool_plan
from tests.pure.program.test_graph import ancestors, custom, one

TPU_TAINT = Taint(key="google.com/tpu", value="present", effect="NoSchedule")
TPU: dict[str, Any] = {
    "accelerator": "tpu-v6e",
    "accelerator_label": "tpu-v6e-slice",
    "accelerators_per_node": 4,
    "resource_key": "google.com/tpu",
    "taints": (TPU_TAINT,),
    "zones": ("region-a",),
    "topology": "2x2",
    "boot_disk_type": "hyperdisk-balanced",
    "max_nodes": 4,
}


def plan_with(*pools: PoolPlan) -> StackPlan:
    """The plan for tests, its model on the first of these pools."""
    plan = gcp_plan()
    (gpt,) = plan.endpoints
    selector = {"aigc/pool": pools[0].name, "cloud.google.com/gke-tpu-topology": "4x4"}
    endpoint = gpt.model_copy(update={"pool": pools[0].name, "node_selector": selector, "tolerations": pools[0].taints})
    return plan.model_copy(update={"pools": (platform_pool(), *pools), "endpoints": (endpoint,)})


def graph(*pools: PoolPlan) -> Graph:
    return graph_of(lambda: build(plan_with(*pools)), "gcp-test")


def node_pools(found: Graph) -> dict[str, Resource]:
    return {item.name: item for item in custom(found) if item.type == "gcp:container/nodePool:NodePool"}


def node_pool(pool: PoolPlan) -> dict[str, Any]:
    inputs: dict[str, Any] = node_pools(graph(pool))[pool.name].inputs
    return inputs


def test_a_slice_of_one_machine_is_a_machine_type_and_nothing_else() -> None:
    inputs = node_pool(pool_plan("tpu", **TPU))
    assert "placementPolicy" not in inputs and "guestAccelerators" not in inputs["nodeConfig"]
    assert inputs["nodeConfig"]["diskType"] == "hyperdisk-balanced"
    assert inputs["nodeConfig"]["taints"] == [{"key": "google.com/tpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert inputs["autoscaling"]["totalMaxNodeCount"] == 4


def test_each_slice_of_several_machines_is_a_node_pool_all_or_none() -> None:
    pool = pool_plan("tpu", **{**TPU, "topology": "4x4", "hosts_per_slice": 4, "min_nodes": 4, "max_nodes": 12})
    found = node_pools(graph(pool))
    assert set(found) == {"platform", "tpu-0", "tpu-1", "tpu-2"}
    for name, least in (("tpu-0", 4), ("tpu-1", 0), ("tpu-2", 0)):
        inputs = found[name].inputs
        assert inputs["name"] == name
        assert inputs["placementPolicy"] == {"type": "COMPACT", "tpuTopology": "4x4"}
        assert inputs["autoscaling"] == {
            "totalMinNodeCount": least, "totalMaxNodeCount": 4, "locationPolicy": "ANY",
        }  # fmt: skip
        assert inputs["initialNodeCount"] == least
        assert inputs["nodeConfig"]["labels"] == {"aigc/pool": "tpu"}, "pods choose the pool, not the slice"
        assert "upgradeSettings" not in inputs, "GKE replaces a slice whole"


def test_one_slice_keeps_the_pools_name() -> None:
    assert set(node_pools(graph(pool_plan("tpu", **{**TPU, "topology": "4x4", "hosts_per_slice": 4})))) == {
        "platform", "tpu",
    }  # fmt: skip


def test_newer_slices_are_placed_by_a_policy_of_the_region() -> None:
    more = {"topology": "2x2x2", "hosts_per_slice": 2, "workload_policy": True}
    found = graph(pool_plan("tpu", **{**TPU, **more}))
    (policy,) = [item for item in custom(found) if item.type == "gcp:compute/resourcePolicy:ResourcePolicy"]
    assert policy.inputs["workloadPolicy"] == {"type": "HIGH_THROUGHPUT", "acceleratorTopology": "2x2x2"}
    assert policy.inputs["name"] == "aigc-gcp-test-tpu" and policy.inputs["region"] == "region"
    pools = node_pools(found)
    for name in ("tpu-0", "tpu-1"):
        assert set(pools[name].inputs["placementPolicy"]) == {"type", "policyName"}
        assert policy.urn in ancestors(found, pools[name])
    names = [item.name for item in custom(graph(pool_plan())) if "resourcePolicy" in item.type]
    assert names == []


def test_a_policys_name_has_room_for_the_longest_names() -> None:
    more = {"topology": "2x2x2", "hosts_per_slice": 2, "workload_policy": True, "max_nodes": 2}
    plan = plan_with(pool_plan("t" * 40, **{**TPU, **more}))
    plan = plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"name": "c" * 40})})
    found = graph_of(lambda: build(plan), "gcp-test")
    (policy,) = [item for item in custom(found) if item.type == "gcp:compute/resourcePolicy:ResourcePolicy"]
    assert len(policy.inputs["name"]) <= 63


def test_pods_wait_for_every_slice_and_say_where_they_want_to_be() -> None:
    found = graph(pool_plan("tpu", **{**TPU, "topology": "4x4", "hosts_per_slice": 4, "max_nodes": 8}))
    service = one(found, "Service", "gpt")
    assert {pool.urn for pool in node_pools(found).values()} <= ancestors(found, service)
    spec = service.inputs["spec"]["template"]["spec"]
    assert spec["nodeSelector"]["cloud.google.com/gke-tpu-topology"] == "4x4"
    assert spec["tolerations"] == [
        {"key": "google.com/tpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]


@pytest.mark.parametrize(
    ("strategy", "word"), [(GpuSharing.TIME_SHARING, "TIME_SHARING"), (GpuSharing.MPS, "MPS")], ids=str
)
def test_a_gpu_is_cut_and_shared_as_planned(strategy: GpuSharing, word: str) -> None:
    sharing = SharingPlan(strategy=strategy, max_clients=3)
    (accelerator,) = node_pool(pool_plan(partition="3g.20gb", sharing=sharing))["nodeConfig"]["guestAccelerators"]
    assert accelerator["gpuPartitionSize"] == "3g.20gb"
    assert accelerator["gpuSharingConfig"] == {"gpuSharingStrategy": word, "maxSharedClientsPerGpu": 3}
    (whole,) = node_pool(pool_plan())["nodeConfig"]["guestAccelerators"]
    assert not {"gpuPartitionSize", "gpuSharingConfig"} & set(whole)


def test_flex_start_ends_after_a_week_is_not_mended_and_takes_no_reservation() -> None:
    inputs = node_pool(pool_plan(capacity=CapacityType.FLEX_START))
    config = inputs["nodeConfig"]
    assert (config["flexStart"], config["maxRunDuration"], config["spot"]) == (True, "604800s", False)
    assert config["reservationAffinity"] == {"consumeReservationType": "NO_RESERVATION"}
    assert inputs["management"] == {"autoRepair": False, "autoUpgrade": True}
    assert "upgradeSettings" not in inputs and inputs["autoscaling"]["locationPolicy"] == "ANY"
    assert "queuedProvisioning" not in inputs, "its nodes come for a ProvisioningRequest alone, which no server writes"


def test_a_reserved_pool_takes_its_reservation_and_no_other() -> None:
    config = node_pool(pool_plan(capacity=CapacityType.RESERVED, reservation="a100s"))["nodeConfig"]
    assert config["reservationAffinity"] == {
        "consumeReservationType": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": ["a100s"],
    }
    spot = node_pool(pool_plan())["nodeConfig"]
    assert not {"reservationAffinity", "flexStart", "maxRunDuration", "diskType"} & set(spot)


@pytest.mark.parametrize(("surge", "missed"), [(1, 0), (0, 1)])
def test_nodes_are_upgraded_with_one_more_or_one_less(surge: int, missed: int) -> None:
    settings = node_pool(pool_plan(surge_nodes=surge))["upgradeSettings"]
    assert settings == {"strategy": "SURGE", "maxSurge": surge, "maxUnavailable": missed}


def test_a_pod_prefers_the_floor_and_takes_what_is_above_it() -> None:
    plan = plan_with(pool_plan("floor", capacity=CapacityType.ON_DEMAND), pool_plan("above"))
    (gpt,) = plan.endpoints
    endpoint = gpt.model_copy(update={"overflow_pools": ("above",), "node_selector": {}})
    found = graph_of(lambda: build(plan.model_copy(update={"endpoints": (endpoint,)})), "gcp-test")
    spec = one(found, "Service", "gpt").inputs["spec"]["template"]["spec"]
    affinity = spec["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "aigc/pool", "operator": "In", "values": ["floor", "above"]}]
    weights = {
        one["preference"]["matchExpressions"][0]["values"][0]: one["weight"]
        for one in affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    }
    assert weights["floor"] > weights["above"] > 0 and "nodeSelector" not in spec


def test_gke_tries_the_pools_of_a_chain_in_order_before_pods_come() -> None:
    slices = pool_plan("slices", **{**TPU, "topology": "4x4", "hosts_per_slice": 4, "max_nodes": 8})
    plan = plan_with(slices, pool_plan("above"))
    classes = (ComputeClassPlan(name="aigc-slices", pools=("slices", "above")),)
    found = graph_of(lambda: build(plan.model_copy(update={"compute_classes": classes})), "gcp-test")
    compute_class = one(found, "ComputeClass", "aigc-slices")
    spec = compute_class.inputs["spec"]
    assert spec["priorities"] == [{"nodepools": ["slices-0", "slices-1"]}, {"nodepools": ["above"]}]
    assert spec["whenUnsatisfiable"] == "DoNotScaleUp", "no machine that the plan does not know"
    assert spec["activeMigration"] == {"optimizeRulePriority": False}
    assert {pool.urn for pool in node_pools(found).values()} <= ancestors(found, compute_class)
    assert compute_class.urn in ancestors(found, one(found, "Service", "gpt"))
