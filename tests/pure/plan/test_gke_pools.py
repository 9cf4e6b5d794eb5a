"""What plans make of pools that only GKE has: TPU slices, GPUs cut or shared, flex-start, reservations, chains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import CapacityType, Cloud
from aigc.catalog.machines import machines
from aigc.config.spec import PoolSpec
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.slices import axes, can_form, choices, hosts_of, topology_of
from aigc.plan.stack_plan import PoolPlan, StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.gke_stacks import CHAIN, PLATFORM, V5E, V5P, V6E, V7X, ZONE, gpu, slice_of, with_pool
from tests.pure.plan.stacks_for_tests import aws, gcp, nodes_at_most, write


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), "gcp-test", repository)


def pool_of(result: StackPlan) -> PoolPlan:
    return result.pools[1]


@pytest.mark.parametrize(
    ("machine", "topology", "hosts"),
    [
        ("ct5lp-hightpu-1t", "1x1", 1),
        (V5E, "2x2", 1),
        (V5E, "2x4", 2),
        (V5E, "16x16", 64),
        ("ct5lp-hightpu-8t", "2x4", 1),
        ("ct4p-hightpu-4t", "2x2x1", 1),
        ("ct4p-hightpu-4t", "8x8x16", 256),
        (V5P, "2x2x2", 2),
        (V5P, "4x4x12", 48),
        (V6E, "4x8", 8),
        (V7X, "2x2x1", 1),
        (V7X, "4x4x4", 16),
    ],
)
def test_a_slice_is_as_many_machines_as_its_chips_fill(machine: str, topology: str, hosts: int) -> None:
    row, pool = machines(Cloud.GCP)[machine], PoolSpec(machine_type=machine, topology=topology)
    assert can_form(row, topology)
    assert hosts_of(pool, row) == hosts
    assert topology in choices(row) or row.topology_cubes


def test_every_tpu_says_what_shapes_it_has() -> None:
    rows = [row for row in machines(Cloud.GCP).values() if row.is_tpu]
    assert {row.accelerator_id for row in rows} == {"tpu-v4", "tpu-v5e", "tpu-v5p", "tpu-v6e", "tpu-v7x"}
    for row in rows:
        (alone,) = row.topologies_single_host
        assert topology_of(PoolSpec(machine_type=row.machine_type), row) == alone
        assert hosts_of(PoolSpec(machine_type=row.machine_type), row) == 1
        for topology in row.topologies_multi_host:
            assert axes(topology) and hosts_of(PoolSpec(machine_type=row.machine_type, topology=topology), row) > 1
        assert row.quota["unit"] == "TPU chip per zone"


def test_a_pod_on_a_tpu_gets_its_nodes_chips_and_the_two_labels_that_gke_wants(
    tmp_path: Path, repository: Path
) -> None:
    result = plan(tmp_path, repository, with_pool(machine_type="ct5lp-hightpu-8t", max_nodes=3))
    pool, (tiny,) = pool_of(result), result.endpoints
    labels = {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "2x4",
    }
    assert (pool.topology, pool.hosts_per_slice, pool.devices_per_node) == ("2x4", 1, 8)
    assert pool.cloud_labels == labels
    assert tiny.node_selector == {"aigc/pool": "x", **labels}
    assert (tiny.resources.resource_key, tiny.resources.accelerators) == ("google.com/tpu", 8)
    assert [(taint.key, taint.value) for taint in tiny.tolerations] == [("google.com/tpu", "present")]
    assert tiny.scaling.max_replicas == 3, "one pod a node: GKE gives it all of the node's chips"
    (quota,) = [one for one in result.quotas if one.pools == ("x",)]
    assert (quota.needed, quota.unit, quota.code) == (24, "TPU chip per zone", "TPU-LITE-PODSLICE-V5-per-project-zone")


def test_a_slice_over_several_machines_scales_in_slices(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, slice_of(min_nodes=4, max_nodes=8))
    pool, (tiny,) = pool_of(result), result.endpoints
    assert (pool.hosts_per_slice, pool.min_nodes, pool.max_nodes, pool.surge_nodes) == (4, 4, 8, 0)
    assert (tiny.scaling.min_replicas, tiny.scaling.max_replicas) == (4, 4)
    assert tiny.resources.accelerators == 4
    assert "hosts per slice                      4" in render_text(result)


def test_what_nobody_knows_of_a_machine_is_shown_as_unknown(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, with_pool(machine_type="tpu7x-standard-1t"))
    assert (pool_of(result).vcpus, pool_of(result).memory_gib) == (None, None)
    assert "  vcpus                                -\n" in render_text(result)


@pytest.mark.parametrize(
    ("machine", "more", "devices"),
    [
        ("a2-highgpu-1g", {}, 1),
        ("a2-highgpu-2g", {}, 2),
        ("a2-highgpu-1g", {"partition": "1g.5gb"}, 7),
        ("a2-highgpu-2g", {"partition": "2g.10gb"}, 6),
        ("a3-highgpu-8g", {"partition": "7g.80gb"}, 8),
        ("a3-ultragpu-8g", {"partition": "1g.18gb"}, 56),
        ("g2-standard-8", {"sharing": {"max_clients": 3}}, 3),
        ("a2-highgpu-1g", {"partition": "3g.20gb", "sharing": {"max_clients": 4}}, 8),
        ("g4-standard-6", {"sharing": {"max_clients": 2}}, 2),
    ],
)
def test_a_cut_or_shared_gpu_is_several_devices(
    tmp_path: Path, repository: Path, machine: str, more: dict[str, Any], devices: int
) -> None:
    result = plan(tmp_path, repository, gpu(machine, max_nodes=2, **more))
    pool, (tiny,) = pool_of(result), result.endpoints
    assert pool.devices_per_node == devices
    assert tiny.resources.accelerators == 1, "GKE refuses a pod that asks for two parts of a shared GPU"
    assert tiny.scaling.max_replicas == 2 * devices
    assert pool.cloud_labels.get("cloud.google.com/gke-gpu-partition-size") == more.get("partition")
    shared = "cloud.google.com/gke-gpu-sharing-strategy" in pool.cloud_labels
    assert shared is ("sharing" in more)
    if shared:
        assert pool.cloud_labels["cloud.google.com/gke-max-shared-clients-per-gpu"] == str(
            more["sharing"]["max_clients"]
        )


def test_a_node_holds_no_more_replicas_than_its_processors_take(tmp_path: Path, repository: Path) -> None:
    stack = with_pool(
        {"resources": {"cpu_millicores": 2500}}, machine_type="g2-standard-8", sharing={"max_clients": 10}, max_nodes=2
    )
    (tiny,) = plan(tmp_path, repository, stack).endpoints
    # 7,910 thousandths of a core for pods; 2,650 with the sidecars.
    assert tiny.scaling.max_replicas == 2 * 2
    faults = stack_file_faults(
        write(tmp_path, stack | {"models": {"tiny": {**stack["models"]["tiny"], "replicas": {"min": 5}}}}), repository
    )
    assert any("holds at most 4 replicas" in one.problem for one in faults)


def test_partitions_of_a_gpu_fill_no_more_than_it_has() -> None:
    """By their names: of seven parts of the processors, and of the memory, none is given twice."""
    rows = [row for row in accelerators().values() if row.mig_partitions]
    assert len(rows) == 9
    for row in rows:
        assert row.memory_gb is not None
        for size, count in row.mig_partitions.items():
            parts, gigabytes = size.removesuffix("gb").split("g.")
            assert int(parts) * count <= 7, (row.accelerator_id, size)
            # Names are rounded up: seven of 23 GB on 180 GB.
            assert int(gigabytes) * count <= row.memory_gb * 1.03, (row.accelerator_id, size)


def test_flex_start_is_counted_as_spot_and_its_price_is_only_bounded(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gpu(capacity="flex_start", max_nodes=2))
    pool = pool_of(result)
    assert pool.capacity is CapacityType.FLEX_START
    assert pool.cloud_labels["cloud.google.com/gke-flex-start"] == "true"
    (quota,) = [one for one in result.quotas if one.pools == ("x",)]
    assert (quota.code, quota.needed) == ("PREEMPTIBLE_NVIDIA_A100_GPUS", 2)
    assert any("flex_start unknown, bounded by on-demand" in gap for gap in result.cost.not_priced)
    assert nodes_at_most(result.cost) == pytest.approx((0.33797 + 2 * 3.67339) * 730, abs=0.01)


def test_a_reservation_is_paid_for_whether_it_is_used_or_not(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gpu(capacity="reserved", reservation="a100s", max_nodes=2))
    assert pool_of(result).reservation == "a100s" and pool_of(result).surge_nodes == 0
    assert any("what reservation a100s of pool x costs while no node uses it" in gap for gap in result.cost.not_priced)
    (quota,) = [one for one in result.quotas if one.pools == ("x",)]
    assert quota.code == "NVIDIA_A100_GPUS"


def test_an_upgrade_on_demand_wants_room_for_one_node_more(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, gpu(max_nodes=2))
    assert pool_of(result).surge_nodes == 1
    (quota,) = [one for one in result.quotas if one.pools == ("x",)]
    assert quota.needed == 3
    assert pool_of(plan(tmp_path, repository, gpu(max_nodes=2, capacity="spot"))).surge_nodes == 0


def test_a_floor_on_demand_has_spot_above_it(tmp_path: Path, repository: Path) -> None:
    pools = {
        "platform": PLATFORM,
        "floor": {"machine_type": "g2-standard-8", "min_nodes": 2, "max_nodes": 2},
        "above": {"machine_type": "g2-standard-8", "capacity": "spot", "max_nodes": 3},
    }
    model = {"pool": "floor", "overflow_pools": ["above"], "mode": "steady", "replicas": {"min": 2, "max": 5}}
    (tiny,) = plan(tmp_path, repository, gcp(pools=pools, models={"tiny": model})).endpoints
    assert (tiny.pool, tiny.overflow_pools) == ("floor", ("above",))
    assert tiny.node_selector == {"cloud.google.com/compute-class": "aigc-floor"}
    taints = [f"{taint.key}={taint.value}" for taint in tiny.tolerations]
    assert taints == ["nvidia.com/gpu=present", "cloud.google.com/compute-class=aigc-floor"]
    most = gcp(pools=pools, models={"tiny": model | {"mode": "knative", "replicas": {}}})
    result = plan(tmp_path, repository, most)
    assert result.endpoints[0].scaling.max_replicas == 2 + 3
    assert result.knative_features["kubernetes.podspec-affinity"] == "enabled"
    faults = stack_file_faults(
        write(tmp_path, gcp(pools=pools, models={"tiny": model | {"replicas": {"min": 6, "max": 6}}})), repository
    )
    assert any("its pools hold 5 at most" in one.problem for one in faults)


def test_tpus_in_two_pools_keep_the_labels_that_gke_wants(tmp_path: Path, repository: Path) -> None:
    pools = {
        "platform": PLATFORM,
        "x": {"machine_type": V5E, "min_nodes": 1},
        "y": {"machine_type": V5E, "capacity": "spot"},
    }
    stack = gcp(zones=ZONE, pools=pools, models={"tiny": {"pool": "x", "overflow_pools": ["y"]}})
    (tiny,) = plan(tmp_path, repository, stack).endpoints
    assert tiny.node_selector == {
        "cloud.google.com/compute-class": "aigc-x",
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "2x2",
    }


def test_models_of_one_chain_share_its_class_and_no_other_cloud_has_any(tmp_path: Path, repository: Path) -> None:
    model = {"pool": "x", "overflow_pools": ["y"]}
    result = plan(tmp_path, repository, gcp(pools=CHAIN, models={"tiny": model, "batched": model}))
    assert [(one.name, one.pools) for one in result.compute_classes] == [("aigc-x", ("x", "y"))]
    for pool in result.pools[1:]:
        assert pool.labels["cloud.google.com/compute-class"] == "aigc-x"
    assert "cloud.google.com/compute-class" not in result.pools[0].labels and result.pools[0].taints == ()
    assert "aigc-x                               x, y" in render_text(result)
    alone = plan(tmp_path, repository, gcp())
    assert alone.compute_classes == ()
    l4 = {"machine_type": "g6.2xlarge"}
    pools = aws()["pools"] | {"l4": l4, "above": l4 | {"capacity": "spot"}}
    path = write(tmp_path, aws(pools=pools, models={"tiny": {"pool": "l4", "overflow_pools": ["above"]}}))
    elsewhere = resolve(parse_stack_file(path), "aws-test", repository)
    assert elsewhere.compute_classes == () and elsewhere.endpoints[0].node_selector == {}
