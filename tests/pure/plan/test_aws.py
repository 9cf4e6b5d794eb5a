"""Plans of EKS stacks: what is chosen for them, and each fault that only AWS has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import Machine, all_machines, machines, nearest_living
from aigc.catalog.versions import component, kubernetes_minor, versions
from aigc.config.stack_file import parse_stack_file
from aigc.plan.capacity import allocatable_cpu_millicores, allocatable_memory_mib
from aigc.plan.node_images import image_gap, node_image
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, gcp, write

POOLS = aws()["pools"]


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


def machine(name: str) -> dict[str, Any]:
    return {"pools": POOLS | {"l4": POOLS["l4"] | {"machine_type": name}}}


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (aws(account=None), "account", "is missing", '"111122223333"'),
    (aws(account="1111222233"), "account", "no AWS account", "twelve digits"),
    (aws(account="111122223333 "), "account", "no AWS account", "twelve digits"),
    (aws(project="aigc-dev"), "project", "means nothing on cloud aws", "remove it"),
    (aws(region="us-central1"), "region", "no region of aws", "us-east-1"),
    (aws(region="us-gov-west-1", zones=["us-gov-west-1a", "us-gov-west-1b"]), "region", "partition", "us-east-1"),
    (aws(region="cn-north-1", zones=["cn-north-1a", "cn-north-1b"]), "region", "partition", "us-east-1"),
    (aws(zones=None), "zones", "names 0", "zones: [us-east-1a, us-east-1b]"),
    (aws(zones=["us-east-1a"]), "zones", "names 1", "describe-availability-zones"),
    (aws(zones=["us-east-1a", "us-east-1a"]), "zones", "names 1", "us-east-1b"),
    (aws(zones=["us-east-1a", "us-east-1b", "us-east-1a"]), "zones[2]", "us-east-1a is named twice", "once"),
    (aws(zones=["us-east-1a", "us-west-2b"]), "zones[1]", "no zone of region us-east-1", "us-east-1a"),
    (aws(zones=["us-east-1a", "us-east-1g"]), "zones[1]", "no place in the network", "a to f"),
    (aws(kubernetes_minor="1.99"), "kubernetes_minor", "newer than what EKS has", "versions.yaml"),
    (aws(kubernetes_minor="2"), "kubernetes_minor", "no minor of Kubernetes", "1.37"),
    (aws(**machine("g2-standard-8")), "l4.machine_type", "a machine of gcp, not of aws", "machines.yaml"),
    (aws(**machine("g6.3xlarge")), "l4.machine_type", "not in the catalog", "did you mean g6."),
    (aws(**machine("p3.2xlarge")), "l4.machine_type", "cannot be had any more", "g4dn.xlarge (NVIDIA T4)"),
    (aws(**machine("p3.8xlarge")), "l4.machine_type", "gone from the EC2 instance list", "g4dn.12xlarge"),
    (aws(**machine("f1.2xlarge")), "l4.machine_type", "retired 2025-12-20", "f2.6xlarge (AMD"),
    (
        aws(**machine("f2.6xlarge"), models={"tiny": {"pool": "platform"}}),
        "pools.l4",
        "no model",
        "accelerators: [amd-vu47p]",
    ),
    (aws(**machine("inf1.xlarge")), "l4.machine_type", "knows no Inferentia1 since version 2.24", "NVIDIA or Neuron"),
    (aws(**machine("c8g.8xlarge"), models={"tiny": {"pool": "l4"}}), "tiny.pool", "arm64", "other machines"),
    (gcp(account="111122223333"), "account", "means nothing on cloud gcp", "remove it"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    path = write(tmp_path, {key: value for key, value in asked.items() if value is not None})
    found = stack_file_faults(path, repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def test_a_sound_stack_has_no_fault(tmp_path: Path, repository: Path) -> None:
    assert stack_file_faults(write(tmp_path, aws()), repository) == []
    arm = {"pools": POOLS | {"platform": {"machine_type": "c8g.8xlarge", "min_nodes": 1}}}
    assert stack_file_faults(write(tmp_path, aws(**arm)), repository) == [], "the platform's images are of both kinds"


def test_numbers_in_place_of_an_account_are_named(tmp_path: Path, repository: Path) -> None:
    (fault,) = stack_file_faults(write(tmp_path, aws(account=111122223333)), repository)
    assert fault.where.endswith("account") and "is not text" in fault.problem and "quotes" in fault.way_out


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("c7i.2xlarge", "AL2023_x86_64_STANDARD"),
        ("c8g.8xlarge", "AL2023_ARM_64_STANDARD"),
        ("g6.2xlarge", "AL2023_x86_64_NVIDIA"),
        ("trn1.2xlarge", "AL2023_x86_64_NEURON"),
        ("inf1.24xlarge", None),
        ("f2.6xlarge", "AL2023_x86_64_STANDARD"),
    ],
)
def test_the_system_image_follows_from_the_machine(name: str, image: str | None) -> None:
    row = machines(Cloud.AWS)[name]
    assert node_image(Cloud.AWS, row) == image
    assert (image_gap(Cloud.AWS, row) is None) is (image is not None)
    assert node_image(Cloud.GCP, row) is None and image_gap(Cloud.GCP, row) is None


def test_an_image_that_does_not_exist_is_said_to_be_none() -> None:
    row = machines(Cloud.AWS)["trn1.2xlarge"].model_copy(update={"architecture": "riscv64", "k8s_resource": "cpu"})
    assert node_image(Cloud.AWS, row) is None
    assert "none for that on riscv64" in (image_gap(Cloud.AWS, row) or "")


@pytest.mark.parametrize("row", machines(Cloud.AWS).values(), ids=lambda row: row.machine_type)
def test_a_row_says_how_many_pods_fit_and_what_quota_it_needs(row: Machine) -> None:
    if not row.retired:
        assert row.max_pods and row.max_pods > 10
        assert row.quota["on_demand"].startswith("L-")


def test_what_eks_keeps_of_a_node_depends_on_how_many_pods_fit() -> None:
    row = machines(Cloud.AWS)["g6.2xlarge"]
    # 4 interfaces of 15 addresses: 4 x 14 + 2.
    assert row.max_pods == 58
    # 32 GiB less 7.5%, 255 and 58 x 11 MiB for EKS' own processes, 100 MiB that the kubelet keeps free.
    assert allocatable_memory_mib(row) == int(32 * 1024 * 0.925) - 255 - 638 - 100
    assert allocatable_memory_mib(row.model_copy(update={"max_pods": None})) < allocatable_memory_mib(row)


@pytest.mark.parametrize(
    ("name", "memory_mib", "millicores"),
    [
        ("c7i.2xlarge", 14162, 7910),
        ("c8g.8xlarge", 57632, 31850),
        ("g4dn.xlarge", 14481, 3920),
        ("g5.48xlarge", 723299, 191450),
        ("g6.2xlarge", 29317, 7910),
        ("g7.24xlarge", 346715, 95690),
        ("p5.48xlarge", 1938410, 191450),
    ],
)
def test_a_node_gives_what_karpenter_publishes_for_it(name: str, memory_mib: int, millicores: int) -> None:
    """aws/karpenter-provider-aws@1d927085 website/content/en/docs/reference/instance-types.md; all 77 rows agree."""
    row = machines(Cloud.AWS)[name]
    assert row.vcpus is not None
    assert (allocatable_memory_mib(row), allocatable_cpu_millicores(row.vcpus)) == (memory_mib, millicores)


def test_what_replaces_a_machine_carries_no_less() -> None:
    retired = [row for row in all_machines() if row.retired and row.is_one_machine]
    found = [(row, instead) for row in retired if (instead := nearest_living(row))]
    assert found
    for row, instead in found:
        assert instead.cloud == row.cloud and not instead.retired and instead.resource_key == row.resource_key
        assert (instead.accelerator_count or 0) >= (row.accelerator_count or 0)
        assert (instead.accelerator_memory_gib or 0) >= (row.accelerator_memory_gib or 0)


def test_a_plan_says_account_zones_images_and_who_brings_nodes(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, aws())
    assert (result.account, result.cluster.zones) == ("111122223333", ("us-east-1a", "us-east-1b"))
    assert [pool.node_image for pool in result.pools] == ["AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"]
    assert [pool.zones for pool in result.pools] == [result.cluster.zones] * 2
    assert result.pools[1].labels["k8s.amazonaws.com/accelerator"] == "nvidia-l4"
    assert {"cluster-autoscaler", "nvidia-device-plugin"} <= {part.name for part in result.components}
    assert result.images["cluster-autoscaler"] == versions().upstream_images["cluster-autoscaler"].pinned()
    levels = {one.name: (one.pod_security, bool(one.reason)) for one in result.namespaces}
    assert levels.pop("accelerators") == ("privileged", True)
    assert set(levels.values()) == {("restricted", False)}
    assert result.cluster.pods_share_the_nodes_range


def test_a_pool_of_chips_has_their_image_plugin_taint_and_no_label_of_gpus(tmp_path: Path, repository: Path) -> None:
    path = write(tmp_path, aws(**machine("inf2.24xlarge")))
    assert stack_file_faults(path, repository) == []
    result = plan(tmp_path, repository, aws(**machine("inf2.24xlarge")))
    pool, (endpoint,) = result.pools[1], result.endpoints
    assert (pool.node_image, pool.resource_key, pool.accelerators_per_node) == (
        "AL2023_x86_64_NEURON", "aws.amazon.com/neuron", 6,
    )  # fmt: skip
    assert endpoint.tolerations == pool.taints and endpoint.resources.resource_key == pool.resource_key
    parts = {part.name: part for part in result.components}
    assert "nvidia-device-plugin" not in parts
    assert parts["neuron-device-plugin"].repository is None
    assert (parts["neuron-device-plugin"].chart or "").startswith("oci://")
    assert "k8s.amazonaws.com/accelerator" not in pool.labels, "the autoscaler would wait for a GPU for ever"


def test_only_what_is_needed_is_installed(tmp_path: Path, repository: Path) -> None:
    fixed = aws(pools={"platform": {"machine_type": "c7i.2xlarge", "min_nodes": 1, "max_nodes": 1}})
    result = plan(tmp_path, repository, fixed)
    assert not {"cluster-autoscaler", "nvidia-device-plugin"} & {part.name for part in result.components}
    assert "cluster-autoscaler" not in result.images
    elsewhere = plan(tmp_path, repository, gcp())
    assert not {"cluster-autoscaler", "nvidia-device-plugin"} & {part.name for part in elsewhere.components}
    assert not elsewhere.cluster.pods_share_the_nodes_range


def test_eks_is_a_minor_behind_and_its_autoscaler_is_of_that_minor(tmp_path: Path, repository: Path) -> None:
    assert component("eks").exception
    minor = kubernetes_minor(Cloud.AWS)
    assert plan(tmp_path, repository, aws()).cluster.kubernetes_minor == minor
    assert f":v{minor}." in versions().upstream_images["cluster-autoscaler"].reference


def test_prices_are_those_of_us_east_1(tmp_path: Path, repository: Path) -> None:
    cost = plan(tmp_path, repository, aws()).cost
    platform, l4, *_ = cost.items
    assert platform.floor.usd_per_month_low == pytest.approx(0.357 * 730, abs=0.01)
    # Two L4 machines at most, whose spot price is only bounded.
    assert l4.maximum.usd_per_month_high == pytest.approx(2 * 0.9776 * 730, abs=0.01)
    assert l4.maximum.usd_per_month_low == 0
    assert any("spot unknown, bounded by on-demand" in gap for gap in cost.not_priced)
    zones = ["eu-west-1a", "eu-west-1b"]
    assert plan(tmp_path, repository, aws(region="eu-west-1", zones=zones)).cost.usd_per_month_high is None
