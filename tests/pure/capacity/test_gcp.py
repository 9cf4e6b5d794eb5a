"""Google Cloud over HTTP, against a server that answers as Google's discovery document says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import CapacityType, StackPlan
from scripts.capacity.contract import open_cloud
from scripts.capacity.examine import CapacityReport, PoolReport, examine
from scripts.capacity.facts import Deadline, Known, Unknown
from scripts.capacity.verdict import Outcome
from tests.pure.capacity.google_server import PROJECT, TOKEN, Google, quota
from tests.pure.capacity.loopback import serving
from tests.pure.plan.stacks_for_tests import add_model, gcp, write
from tests.pure.plan.tpu_vm_stacks import tpu_vm_stack


def plan(folder: Path, **more: Any) -> StackPlan:
    repository = folder / "models"
    add_model(repository, "tiny")
    return resolve(parse_stack_file(write(folder, gcp() | more)), "gcp-test", repository)


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    known = Google(
        regional=[quota("T2D_CPUS", 24.0), quota("PREEMPTIBLE_NVIDIA_L4_GPUS", 4.0), quota("NVIDIA_L4_GPUS", 4.0)],
        of_project=[quota("GPUS_ALL_REGIONS", 2.0)],
        machine_types={
            "us-central1-a": [{"name": "t2d-standard-8"}, {"name": "g2-standard-8"}],
            "us-central1-b": [
                {"name": "t2d-standard-8"},
                {"name": "g2-standard-8", "deprecated": {"state": "OBSOLETE"}},
            ],
            "us-central10-a": [{"name": "g2-standard-8"}],
        },
    )
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", TOKEN)
    with serving(known.answer) as server:
        monkeypatch.setenv("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", f"{server.url}/compute/v1/")
        yield known


def report(wanted: StackPlan) -> CapacityReport:
    return examine(wanted, open_cloud(wanted, Deadline(60)))


def pool(whole: CapacityReport, name: str) -> PoolReport:
    return next(one for one in whole.pools if one.pool.name == name)


def about(one: PoolReport, subject: str) -> str:
    return " | ".join(finding.sentence for finding in one.findings if finding.about == subject)


def test_a_stack_that_fits(tmp_path: Path, google: Google) -> None:
    whole = report(plan(tmp_path))
    assert whole.outcome is Outcome.FITS, [one.findings for one in whole.pools]
    assert whole.account == Known(PROJECT)
    # Zones come a page each; one of another region, and one where the machine is going, do not count.
    assert about(pool(whole, "l4"), "offering") == (
        "g2-standard-8 is sold in us-central1-a; not in us-central1-b (Google says obsolete)"
    )
    assert "4 GPU per region allowed, 2 needed" in about(pool(whole, "l4"), "quota")
    assert "24 vCPU allowed, 16 needed" in about(
        pool(whole, "platform"), "quota"
    )  # one node more while nodes are upgraded
    assert isinstance(pool(whole, "l4").on_demand, Unknown)
    assert pool(whole, "l4").catalog_spot == 0.34057


def test_on_demand_counts_against_the_project_too(tmp_path: Path, google: Google) -> None:
    l4 = {"machine_type": "g2-standard-8", "max_nodes": 3}
    whole = report(plan(tmp_path, pools=gcp()["pools"] | {"l4": l4}))
    assert pool(whole, "l4").outcome is Outcome.DOES_NOT_FIT
    assert "GPUS_ALL_REGIONS: 2 GPU allowed, 3 needed, 0 in use" in about(pool(whole, "l4"), "quota")


def test_a_spot_quota_of_zero_is_answered_with_on_demand(tmp_path: Path, google: Google) -> None:
    google.regional[1] = quota("PREEMPTIBLE_NVIDIA_L4_GPUS", 0.0)
    l4 = pool(report(plan(tmp_path)), "l4")
    assert l4.outcome is Outcome.DOES_NOT_FIT
    assert isinstance(l4.alternative, Known)
    instead = l4.alternative.value
    assert (instead.pool.machine_type, instead.pool.capacity, instead.usd_per_hour) == (
        "g2-standard-8",
        "on_demand",
        0.85362,  # the catalog's, of this region: Google's API has none
    )


@pytest.mark.parametrize(("capacity", "reason"), [("on_demand", "have no TPUV6EPer"), ("reserved", "nobody has")])
def test_a_tpu_vm_s_quota_stays_unknown(tmp_path: Path, google: Google, capacity: str, reason: str) -> None:
    whole = report(plan(tmp_path, **tpu_vm_stack(capacity=capacity)))
    (answer,) = (one for one in whole.quotas if one.need.pools == ("TPU VM embed",))
    assert isinstance(answer.live, Unknown) and reason in answer.live.reason
    assert whole.outcome is Outcome.FITS


def test_a_zone_without_it(tmp_path: Path, google: Google) -> None:
    zones = {"zones": ["us-central1-a", "us-central1-b"]}
    l4 = {"machine_type": "g2-standard-8", "capacity": "spot", "max_nodes": 2, "zones": ["us-central1-b"]}
    finding = pool(report(plan(tmp_path, **zones, pools=gcp()["pools"] | {"l4": l4})), "l4").findings[-1]
    assert finding.outcome is Outcome.DOES_NOT_FIT
    assert "in none of us-central1-b (Google says obsolete)" in finding.sentence
    assert finding.way_out == "name another zone: us-central1-a"


def test_what_is_reserved(tmp_path: Path, google: Google) -> None:
    """A stack file cannot ask for it yet, so the plan's pool is changed."""
    kept = {"count": "3", "inUseCount": "1", "instanceProperties": {"machineType": "g2-standard-8"}}
    other = {"count": "9", "instanceProperties": {"machineType": "g2-standard-4"}}
    google.reservations = {
        "us-central1-a": [
            {"name": "ours", "status": "READY", "specificReservation": kept},
            {"name": "coming", "status": "CREATING", "specificReservation": kept},
            {"name": "smaller", "status": "READY", "specificReservation": other},
        ]
    }
    wanted = plan(tmp_path)
    reserved = wanted.pools[1].model_copy(update={"capacity": CapacityType.RESERVED})
    l4 = pool(report(wanted.model_copy(update={"pools": (wanted.pools[0], reserved)})), "l4")
    assert l4.outcome is Outcome.FITS
    assert about(l4, "reservation") == "3 g2-standard-8 reserved in the region, 2 of them unused, 2 wanted"


def test_a_call_that_is_not_permitted_leaves_its_facts_unknown(tmp_path: Path, google: Google) -> None:
    google.refused = {"compute.regions.get": 403}
    whole = report(plan(tmp_path))
    assert whole.outcome is Outcome.UNKNOWN
    assert "may not compute.regions.get" in about(pool(whole, "l4"), "quota")
    assert pool(whole, "l4").findings[-1].outcome is Outcome.FITS  # where it is sold is known all the same


def test_a_busy_server_is_asked_again(tmp_path: Path, google: Google) -> None:
    google.busy = 1
    assert report(plan(tmp_path)).outcome is Outcome.FITS
    assert google.busy == 0


def test_a_token_that_is_refused(tmp_path: Path, google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "expired")
    with pytest.raises(UserError, match="Google refuses them"):
        report(plan(tmp_path))


def test_the_token_of_gcloud(tmp_path: Path, google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of that name on PATH, which knows only the second of the two commands."""
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN")
    gcloud = tmp_path / "bin" / "gcloud"
    gcloud.parent.mkdir()
    gcloud.write_text(f'#!/bin/sh\n[ "$2" = print-access-token ] && echo {TOKEN} || exit 1\n')
    gcloud.chmod(0o755)
    monkeypatch.setenv("PATH", str(gcloud.parent))
    assert report(plan(tmp_path)).outcome is Outcome.FITS


def test_without_credentials_it_says_what_to_do(
    tmp_path: Path, google: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_OAUTH_ACCESS_TOKEN")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"gcloud is not on PATH.*application-default login"):
        open_cloud(plan(tmp_path), Deadline(60))
