"""Plans of AKS stacks: what is chosen for them, and each fault that only Azure has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.config.stack_file import parse_stack_file
from aigc.plan.capacity import allocatable_cpu_millicores, allocatable_memory_mib
from aigc.plan.node_images import image_gap, node_image
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import GROUP, SUBSCRIPTION, aws, azure, gcp, local, write

POOLS = azure()["pools"]
SPOT = "kubernetes.azure.com/scalesetpriority"


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


def pool(name: str, **changes: Any) -> dict[str, Any]:
    return {"pools": POOLS | {name: POOLS[name] | changes}}


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (azure(subscription=None), "subscription", "is missing", "az account show"),
    (azure(subscription="mine"), "subscription", "no id of Azure", "32 hex digits"),
    (azure(subscription=SUBSCRIPTION.upper().replace("1", "A")), "subscription", "no id of Azure", "az account show"),
    (azure(admin_group=None), "admin_group", "is missing", "az ad group show"),
    (azure(admin_group=f"{GROUP}0"), "admin_group", "no id of Azure", "az ad group show"),
    (azure(project="aigc-dev"), "project", "means nothing on cloud azure", "remove it"),
    (azure(account="111122223333"), "account", "means nothing on cloud azure", "remove it"),
    (azure(region="us-east-1"), "region", "no region of azure", "eastus"),
    (azure(region="usgovvirginia"), "region", "cloud of Azure that is not built for", "eastus"),
    (azure(region="chinaeast2"), "region", "cloud of Azure that is not built for", "eastus"),
    (azure(zones=["eastus-1"]), "zones[0]", "no zone of region eastus", '"1"'),
    (azure(zones=["1", "1"]), "zones[1]", "named twice", "once"),
    (azure(registry="registry.example/aigc"), "registry_resource_group", "means nothing", "remove it"),
    (
        azure(registry="a-b.azurecr.io/aigc", registry_resource_group=None),
        "registry",
        "no container registry",
        "5 to 50",
    ),
    (azure(registry="a-b.azurecr.io/aigc"), "registry", "no container registry", "5 to 50"),
    (azure(**pool("platform", capacity="spot")), "aigc:stack.pools", "nowhere to run its own pods", "on demand"),
    (azure(capacity=["spot", "on_demand"]), "aigc:stack.pools", "nowhere to run its own pods", "on demand"),
    (azure(**pool("platform", min_nodes=0)), "aigc:stack.pools", "nowhere to run its own pods", "min_nodes of 1"),
    (azure(**pool("platform", disk_gib=20)), "platform.disk_gib", "20 is less", "30 or more"),
    (azure(pools=POOLS | {"t4-spot": POOLS["t4"]}), "t4-spot", "pool's name on azure", "12 at most"),
    (azure(pools=POOLS | {"abcdefghijklm": POOLS["t4"]}), "abcdefghijklm", "pool's name on azure", "12 at most"),
    (azure(kubernetes_minor="1.99"), "kubernetes_minor", "newer than what AKS has", '"1.37"'),
    (azure(**pool("t4", machine_type="g6.2xlarge")), "t4.machine_type", "a machine of aws, not of azure", "machines"),
    (azure(**pool("t4", machine_type="Standard_NC8as_T4_v4")), "t4.machine_type", "not in the catalog", "did you mean"),
    (azure(**pool("t4", machine_type="Standard_NC6s_v3")), "t4.machine_type", "cannot be had any more", "NC4as_T4_v3"),
    (azure(**pool("t4", machine_type="Standard_NP10s")), "t4.machine_type", "no device plugin", "NVIDIA"),
    (
        azure(**pool("t4", machine_type="Standard_ND128isr_NDR_GB200_v6")),
        "t4.machine_type",
        "no image for it on arm64",
        "NVIDIA",
    ),
    (gcp(subscription=SUBSCRIPTION), "subscription", "means nothing on cloud gcp", "remove it"),
    (aws(admin_group=GROUP), "admin_group", "means nothing on cloud aws", "remove it"),
    (local(registry_resource_group="x"), "registry_resource_group", "means nothing on cloud local", "remove it"),
    (gcp(uptime_sla=False), "uptime_sla", "means nothing on cloud gcp", "remove it"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    path = write(tmp_path, {key: value for key, value in asked.items() if value is not None})
    found = stack_file_faults(path, repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def test_a_sound_stack_has_no_fault(tmp_path: Path, repository: Path) -> None:
    assert stack_file_faults(write(tmp_path, azure()), repository) == []
    elsewhere = {key: value for key, value in azure(registry="registry.example/x").items() if "_group" not in key}
    assert stack_file_faults(write(tmp_path, elsewhere | {"admin_group": GROUP}), repository) == []


def test_a_small_machine_is_no_home_for_aks_but_a_second_pool_may_be(tmp_path: Path, repository: Path) -> None:
    spot_first = {"spot": POOLS["platform"] | {"capacity": "spot"}, **POOLS}
    result = plan(tmp_path, repository, azure(pools=spot_first))
    assert result.azure is not None and result.azure.system_pool == "platform"


def test_a_plan_says_whose_it_is_and_where_images_are(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, azure())
    assert result.azure is not None
    assert (result.azure.subscription, result.azure.admin_group) == (SUBSCRIPTION, GROUP)
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/images"
    assert result.azure.registry_id == f"{place}/providers/Microsoft.ContainerRegistry/registries/aigcdev"
    text = render_text(result)
    assert "Azure" in text and result.azure.registry_id in text
    for other in (gcp(), aws(), local()):
        assert plan(tmp_path, repository, other).azure is None


@pytest.mark.parametrize(
    ("stack", "asked", "answers"),
    [("azure-dev", {}, False), ("azure-prod", {}, True), ("azure-dev", {"uptime_sla": True}, True)],
)
def test_azure_answers_for_the_api_server_where_it_is_asked_and_charges_for_it(
    tmp_path: Path, repository: Path, stack: str, asked: dict[str, Any], answers: bool
) -> None:
    result = resolve(parse_stack_file(write(tmp_path, azure(**asked))), stack, repository)
    assert result.azure is not None and result.azure.uptime_sla is answers
    assert ("AKS control plane" in result.cost.not_priced) is answers
    assert f"uptime sla                           {'yes' if answers else 'no'}\n" in render_text(result)


def test_what_aks_puts_on_spot_nodes_is_in_the_plan_so_that_pods_tolerate_it(tmp_path: Path, repository: Path) -> None:
    result = plan(tmp_path, repository, azure())
    platform, t4 = result.pools
    assert SPOT not in platform.labels and platform.taints == ()
    assert t4.labels[SPOT] == "spot"
    assert [(taint.key, taint.value) for taint in t4.taints] == [("nvidia.com/gpu", "present"), (SPOT, "spot")]
    (endpoint,) = result.endpoints
    assert endpoint.tolerations == t4.taints
    assert all(SPOT not in one.labels for one in plan(tmp_path, repository, gcp()).pools)


def test_the_device_plugin_is_ours_and_the_autoscaler_is_not(tmp_path: Path, repository: Path) -> None:
    parts = {part.name for part in plan(tmp_path, repository, azure()).components}
    assert "nvidia-device-plugin" in parts and "cluster-autoscaler" not in parts
    without = azure(pools={"platform": POOLS["platform"]})
    assert "nvidia-device-plugin" not in {part.name for part in plan(tmp_path, repository, without).components}


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("Standard_D8as_v6", "Ubuntu"),
        ("Standard_NC8as_T4_v3", "Ubuntu"),
        ("Standard_NP10s", None),
        ("Standard_ND128isr_NDR_GB200_v6", None),
    ],
)
def test_the_system_image_follows_from_the_machine(name: str, image: str | None) -> None:
    row = machines(Cloud.AZURE)[name]
    assert node_image(Cloud.AZURE, row) == image
    assert (image_gap(Cloud.AZURE, row) is None) is (image is not None)


@pytest.mark.parametrize(("cores", "kept"), [(1, 60), (2, 100), (4, 140), (8, 180), (16, 260), (32, 420), (64, 740)])
def test_aks_keeps_the_processor_time_that_its_table_says(cores: int, kept: int) -> None:
    assert allocatable_cpu_millicores(cores, Cloud.AZURE) == cores * 1000 - kept


def test_aks_keeps_memory_by_how_many_pods_fit() -> None:
    # 32 GiB less 7.5%; 50 and 110 x 20 MiB for Kubernetes' own processes, 100 MiB that the kubelet keeps free.
    row = machines(Cloud.AZURE)["Standard_D8as_v6"]
    assert allocatable_memory_mib(row) == int(32 * 1024 * 0.925) - 50 - 2200 - 100
    small = row.model_copy(update={"memory_gib": 4})
    assert allocatable_memory_mib(small) == 3788 - 947 - 100, "a quarter at most"


def test_spot_counts_in_the_region_alone_and_on_demand_in_its_family_too(tmp_path: Path, repository: Path) -> None:
    more = POOLS | {"t4more": POOLS["t4"] | {"capacity": "on_demand", "max_nodes": 1}}
    models = {"tiny": {}, "batched": {"pool": "t4more"}}
    rows = plan(tmp_path, repository, azure(pools=more, models=models)).quotas
    by_code = {row.code or row.name: row for row in rows}
    assert by_code["lowPriorityCores"].needed == 16 and by_code["lowPriorityCores"].pools == ("t4",)
    assert by_code["cores"].needed == 8 + 8 and by_code["cores"].pools == ("platform", "t4more")
    assert by_code["Standard NCASv3_T4 Family"].pools == ("t4more",)
    text = render_text(plan(tmp_path, repository, azure()))
    assert "Total Regional vCPUs (cores)" in text and "which the catalog does not know" in text


def test_prices_are_those_of_eastus(tmp_path: Path, repository: Path) -> None:
    cost = plan(tmp_path, repository, azure()).cost
    assert cost.usd_per_month_low == pytest.approx(0.363 * 730, abs=0.01)
    assert cost.usd_per_month_high == pytest.approx((0.363 + 2 * 0.752) * 730, abs=0.01)
    assert plan(tmp_path, repository, azure(region="westeurope")).cost.usd_per_month_high is None
