"""Plans of TPUs beside the cluster, each fault that only they have, and the catalog of what the API makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import machines
from aigc.catalog.tpu_vms import tpu_vm_cloud, tpu_vm_kinds, tpu_vm_sources
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan, TpuVmPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.contracts.discovery_model import discovery_model
from tests.pure.plan.stacks_for_tests import aws, azure, gcp, local, write
from tests.pure.plan.tpu_vm_stacks import SOUND, tpu_vm_stack

V5E, V5P = {"accelerator": "tpu-v5e", "zone": "us-central1-a"}, {"accelerator": "tpu-v5p", "zone": "us-central1-a"}
HOURS = 730
DIGEST = f"@sha256:{'0' * 64}"

FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"accelerator": "tpu-v6"}, "accelerator", "no TPU of the catalog", "did you mean tpu-v6e"),
    ({"accelerator": "nvidia-l4"}, "accelerator", "no TPU of the catalog", "tpu-v5e"),
    ({"accelerator": "tpu-v7x", "topology": "2x2x1"}, "accelerator", "does not have it", "tpu7x-standard-4t"),
    ({"topology": "2x3"}, "topology", "no shape that tpu-v6e is sold in", "2x2, 2x4, 4x4"),
    ({"topology": "2x2x1"}, "topology", "no shape that tpu-v6e", "1x1"),
    (V5P | {"topology": "2x2"}, "topology", "no shape that tpu-v5p", "2x2x1"),
    ({"topology": "big"}, "topology", "no shape", "choose"),
    ({"zone": "us-central1-a"}, "zone", "us-central1-a has no tpu-v6e", "us-central1-b, us-east1-d"),
    ({"zone": "europe-west4-a"}, "zone", "no zone of region us-central1", "us-central1-a"),
    ({"zone": "us-central1"}, "zone", "no zone of region us-central1", "us-central1-a"),
    ({"capacity": "flex_start"}, "capacity", "neither a service account nor", "a pool of GKE has flex_start"),
    ({"image": "embed:1"}, "image", "is no image", "registry/path:tag"),
    ({"image": "registry.example/embed; reboot"}, "image", "is no image", "registry/path:tag"),
    ({"image": "registry.example/embed"}, "image", "has no version", "not latest, or a digest"),
    ({"image": "registry.example/embed:latest"}, "image", "has no version", "not latest, or a digest"),
    ({"files": "gs://aigc-dev-weights"}, "files", "no folder in a bucket", "gs://<bucket>/<folder>"),
    ({"files": "s3://weights/1"}, "files", "no folder in a bucket", "gs://<bucket>/<folder>"),
    ({"runtime_version": "V2 alpha"}, "runtime_version", "no runtime version", "tpu-ubuntu2204-base"),
]  # fmt: skip


def planned(folder: Path, repository: Path, stack: dict[str, Any], name: str = "gcp-test") -> StackPlan:
    path = write(folder, stack)
    assert stack_file_faults(path, repository) == []
    return resolve(parse_stack_file(path), name, repository)


def slice_of(folder: Path, repository: Path, **more: Any) -> TpuVmPlan:
    (vm,) = planned(folder, repository, tpu_vm_stack(**more)).tpu_vms
    return vm


@pytest.mark.parametrize(("bent", "where", "problem", "way_out"), FAULTS)
def test_a_fault_says_where_what_and_the_way_out(
    tmp_path: Path, repository: Path, bent: dict[str, Any], where: str, problem: str, way_out: str
) -> None:
    found = stack_file_faults(write(tmp_path, tpu_vm_stack(**bent)), repository)
    there = [one for one in found if one.where.endswith(f"aigc:stack.tpu_vms.embed.{where}")]
    assert any(problem in one.problem and way_out in one.way_out for one in there), found


@pytest.mark.parametrize(("name", "problem"), [("Embed_1", "cannot be a TPU VM's name"), ("tiny", "name of a model")])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, repository: Path, name: str, problem: str) -> None:
    (fault,) = stack_file_faults(write(tmp_path, gcp(tpu_vms={name: SOUND})), repository)
    assert problem in fault.problem


@pytest.mark.parametrize("stack", [aws(), azure(), local()], ids=["aws", "azure", "local"])
def test_a_cloud_without_them_refuses(tmp_path: Path, repository: Path, stack: dict[str, Any]) -> None:
    found = stack_file_faults(write(tmp_path, stack | {"tpu_vms": {"embed": SOUND}}), repository)
    assert [one.way_out for one in found if one.where.endswith("aigc:stack.tpu_vms")] == [
        "remove it; cloud gcp has them"
    ]


def test_the_plan_has_all_that_is_made(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository, tpu_vm_stack())
    (vm,) = plan.tpu_vms
    assert (vm.api_type, vm.topology, vm.chips, vm.hosts) == ("V6E", "2x2", 4, 1)
    assert (vm.runtime_version, vm.physical_name) == ("v2-alpha-tpuv6e", "aigc-gcp-test-embed")
    assert vm.files_bucket == "aigc-dev-weights"
    text = render_text(plan)
    assert "\nTPU VM embed\n" in text
    assert "4 chips, one machine" in text
    assert "serve --weights /files/weights" in text


@pytest.mark.parametrize(
    ("asked", "chips", "hosts"),
    [
        ({"topology": "1x1"}, 1, 1),
        ({"topology": "2x4"}, 8, 1),
        ({"topology": "4x4"}, 16, 4),
        (V5E | {"topology": "2x4"}, 8, 1),
        (V5E | {"topology": "16x16"}, 256, 64),
        (V5P | {"topology": "2x2x1"}, 4, 1),
        (V5P | {"topology": "4x4x8"}, 128, 32),
    ],
)
def test_a_slice_is_as_many_machines_as_hold_its_chips(
    tmp_path: Path, repository: Path, asked: dict[str, Any], chips: int, hosts: int
) -> None:
    vm = slice_of(tmp_path, repository, **asked)
    assert (vm.chips, vm.hosts) == (chips, hosts)


def test_the_stack_file_s_runtime_goes_before_the_catalog_s(tmp_path: Path, repository: Path) -> None:
    assert slice_of(tmp_path, repository, runtime_version="tpu-ubuntu2204-base").runtime_version.endswith("-base")
    assert slice_of(tmp_path, repository, image=f"registry.example/embed{DIGEST}").image.endswith(DIGEST)


@pytest.mark.parametrize(("topology", "chips"), [("2x2", 4), ("4x4", 16)])
def test_the_price_is_one_of_chips(tmp_path: Path, repository: Path, topology: str, chips: int) -> None:
    def bill(**more: Any) -> tuple[float, float | None, tuple[str, ...]]:
        plan = planned(tmp_path, repository, tpu_vm_stack(topology=topology, **more))
        (item,) = (one for one in plan.cost.items if one.name.startswith("TPU VM embed"))
        assert item.floor == item.at_plan == item.maximum
        gaps = tuple(gap for gap in plan.cost.not_priced if gap.startswith("TPU VM"))
        return item.floor.usd_per_month_low, item.floor.usd_per_month_high, gaps

    row = machines("gcp")["ct6e-standard-4t"]
    assert row.usd_per_hour_on_demand and row.usd_per_hour_spot
    dear, cheap = (round(usd / 4 * chips * HOURS, 2) for usd in (row.usd_per_hour_on_demand, row.usd_per_hour_spot))
    assert bill() == (dear, dear, ())
    assert bill(capacity="spot") == (cheap, dear, ())
    low, high, (gap,) = bill(capacity="reserved")
    assert (low, high) == (dear, dear) and "reservation" in gap


def test_where_there_is_no_price_there_is_no_upper_bound(tmp_path: Path, repository: Path) -> None:
    stack = tpu_vm_stack(zone="us-east5-a") | {"region": "us-east5"}
    plan = planned(tmp_path, repository, stack)
    assert plan.cost.maximum.usd_per_month_high is None
    assert any(gap.startswith("TPU VM embed") and "us-central1" in gap for gap in plan.cost.not_priced)


@pytest.mark.parametrize(
    ("asked", "code", "chips"),
    [
        ({}, "TPUV6EPerProjectPerZoneForTPUAPI", 4),
        ({"capacity": "spot"}, "TPUV6EPreemptiblePerProjectPerZoneForTPUAPI", 4),
        ({"capacity": "reserved"}, None, 4),
        (V5E, "TPUV5sLitepodServingPerProjectPerZoneForTPUAPI", 4),
        (V5E | {"topology": "4x4"}, "TPUV5sLitepodPerProjectPerZoneForTPUAPI", 16),
        (V5E | {"capacity": "spot"}, None, 4),
        (V5P | {"topology": "2x2x1"}, "TPUV5PPerProjectPerZoneForTPUAPI", 4),
    ],
)
def test_the_quota_to_ask_for(
    tmp_path: Path, repository: Path, asked: dict[str, Any], code: str | None, chips: int
) -> None:
    plan = planned(tmp_path, repository, tpu_vm_stack(**asked))
    (row,) = (one for one in plan.quotas if one.pools == ("TPU VM embed",))
    assert (row.code, row.needed) == (code, chips)
    assert ("TensorCores" in row.unit) == ("v5p" in asked.get("accelerator", ""))


def test_slices_of_one_zone_share_a_quota(tmp_path: Path, repository: Path) -> None:
    vms = {"one": SOUND, "two": SOUND | {"topology": "2x4"}, "other": SOUND | {"capacity": "spot"}}
    plan = planned(tmp_path, repository, gcp(tpu_vms=vms))
    rows = {one.pools: one.needed for one in plan.quotas if one.pools[0].startswith("TPU VM")}
    assert rows == {("TPU VM one", "TPU VM two"): 12, ("TPU VM other",): 4}


def test_the_api_has_every_type_and_no_other_of_the_catalog() -> None:
    types = discovery_model("tpu.v2").root("AcceleratorConfig").fields["type"].schema.enum
    known = {row.api_type for row in tpu_vm_kinds().values() if row.api_type}
    assert known == set(types) - {"TYPE_UNSPECIFIED", "V2", "V3"}
    assert all((row.api_type is None) == (row.gap is not None) for row in tpu_vm_kinds().values())


def test_every_tpu_of_the_cloud_has_a_row_with_a_source() -> None:
    of_machines = {row.accelerator_id for row in machines(tpu_vm_cloud()).values() if row.is_tpu}
    assert set(tpu_vm_kinds()) == of_machines <= set(accelerators())
    assert all(row.source and set(row.source) <= set(tpu_vm_sources()) for row in tpu_vm_kinds().values())


def test_outside_the_united_states_nothing_is_said_of_zones() -> None:
    kind = tpu_vm_kinds()["tpu-v6e"]
    assert [kind.sold_in(zone) for zone in ("us-central1-b", "us-central1-a", "europe-west4-a")] == [True, False, None]


def test_capacity_is_on_demand_whatever_the_stack_s_pools_are(tmp_path: Path, repository: Path) -> None:
    (vm,) = planned(tmp_path, repository, tpu_vm_stack() | {"capacity": ["spot", "on_demand"]}).tpu_vms
    assert vm.capacity is CapacityType.ON_DEMAND
