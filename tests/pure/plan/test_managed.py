"""Plans of models off the cluster, each fault that only they have, and the catalog of their machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session

from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import all_machines
from aigc.catalog.managed import (
    clouds_with_managed_endpoints,
    managed_machines,
    managed_service,
    managed_sources,
    nearest_living_managed,
)
from aigc.catalog.versions import UpstreamImage
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.managed_stacks import SCALED, managed_stack, managed_uri
from tests.pure.plan.stacks_for_tests import add_model, aws, azure, gcp, local, write

SOUND = {"machine_type": "ml.g6.xlarge"}
EMPTY_PREFIX = "s3://models/batched/000000000000/"

FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"managed": None}, "batched.managed", "is missing", "ml."),
    ({"managed": SOUND | {"machine_type": "ml.g6.3xlarge"}}, "machine_type", "not in the catalog", "mean ml.g6."),
    ({"managed": SOUND | {"machine_type": "g6.xlarge"}}, "machine_type", "not in the catalog", "ml.g6.xlarge"),
    ({"managed": SOUND | {"machine_type": "ml.p3.2xlarge"}}, "machine_type", "2026-06-10", "ml.g4dn.xlarge (NVIDIA T4"),
    ({"managed": SOUND | {"machine_type": "ml.p3.8xlarge"}}, "machine_type", "cannot be had", "ml.g4dn.12xlarge"),
    ({"managed": SOUND | {"machine_type": "ml.p2.xlarge"}}, "machine_type", "retired P2", "ml.g4dn.xlarge"),
    ({"accelerators": ["nvidia-t4"]}, "machine_type", "carries nvidia-l4", "agree"),
    ({"pool": "l4"}, "batched.pool", "no pod is made", "remove it"),
    ({"overflow_pools": ["l4"]}, "batched.overflow_pools", "no pod is made", "remove it"),
    ({"resources": {"memory_mib": 1024}}, "batched.resources", "no pod is made", "remove it"),
    ({"scaling": {"target_concurrency": 8}}, "scaling.target_concurrency", "means nothing", "requests_per_minute"),
    ({"replicas": {"min": 0}}, "replicas.min", "inference components", "use 1 or more"),
    ({"replicas": {"min": 3, "max": 2}}, "replicas.min", "more than max", "raise max"),
    ({"replicas": {"max": 3}}, "requests_per_minute", "from 1 to 3", "make replicas.min and max the same"),
    ({"managed": SOUND | {"requests_per_minute": 60.0}}, "requests_per_minute", "is fixed", "raise replicas.max"),
    ({"slo": {"p99_ms": 61000.0}}, "slo.p99_ms", "60 s", "lower it"),
    ({"scaling": {"request_timeout_seconds": 90}}, "request_timeout_seconds", "60 s", "60 or less"),
    ({"scaling": {"progress_deadline_seconds": 7200}}, "progress_deadline_seconds", "3600 s", "in between"),
    ({"source": None}, "source.kind", "from a bucket", "kind: bucket"),
    ({"source": {"kind": "bucket", "uri": EMPTY_PREFIX}}, "source.uri", "the hash of the model's files", "s3://<bucket>"),
    ({"source": {"kind": "bucket", "uri": "gs://models/x/"}}, "source.uri", "no folder in a bucket", "s3://<bucket>"),
    ({"source": {"kind": "bucket", "uri": "s3://models"}}, "source.uri", "no folder in a bucket", "s3://<bucket>"),
]  # fmt: skip


def planned(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), "aws-test", repository)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    more, where, problem, way_out = case
    found = stack_file_faults(write(tmp_path, managed_stack(repository, **more)), repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found


def test_a_sound_stack_has_no_fault(tmp_path: Path, repository: Path) -> None:
    for more in ({}, SCALED, {"accelerators": ["nvidia-l4"]}):
        assert stack_file_faults(write(tmp_path, managed_stack(repository, **more)), repository) == []


def test_elsewhere_it_is_refused_with_where_it_is_not(tmp_path: Path, repository: Path) -> None:
    for stack in (local(), gcp(), azure()):
        asked = stack | {"models": {"tiny": {}, "batched": {"mode": "managed", "managed": SOUND}}}
        found = stack_file_faults(write(tmp_path, asked), repository)
        assert any(f"not available yet on {stack['cloud']}" in one.problem and "aws" in one.way_out for one in found)


def test_a_stack_needs_something_on_its_cluster(tmp_path: Path, repository: Path) -> None:
    stack = managed_stack(repository)
    del stack["models"]["tiny"]
    found = stack_file_faults(write(tmp_path, stack), repository)
    assert any("no model is left for the cluster" in one.problem for one in found)


def test_where_means_nothing_on_the_cluster(tmp_path: Path, repository: Path) -> None:
    (fault,) = stack_file_faults(write(tmp_path, aws(models={"tiny": {"managed": SOUND}})), repository)
    assert fault.where.endswith("tiny.managed") and "mode auto" in fault.problem


def test_a_pool_that_only_a_managed_model_names_is_used_by_nobody(tmp_path: Path, repository: Path) -> None:
    stack = managed_stack(repository, accelerators=["nvidia-l4"])
    stack["models"]["tiny"] = {"pool": "platform"}
    found = stack_file_faults(write(tmp_path, stack), repository)
    assert [one.where.rpartition("stack.")[2] for one in found] == ["pools.l4"]


def test_a_region_without_the_image_is_refused(tmp_path: Path, repository: Path) -> None:
    stack = managed_stack(repository) | {"region": "mx-central-1", "zones": ["mx-central-1a", "mx-central-1b"]}
    found = stack_file_faults(write(tmp_path, stack), repository)
    assert any("registry of SageMaker's Triton in mx-central-1" in one.problem for one in found)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("import json\nimport numpy\nimport triton_python_backend_utils\nfrom .near import x\nimport near\n", []),
        ("import onnxruntime.capi\n", ["onnxruntime"]),
        ("def f():\n    from torch.nn import Module\n", ["torch"]),
    ],
)
def test_what_the_image_has_not_is_named(tmp_path: Path, repository: Path, text: str, missing: list[str]) -> None:
    folder = add_model(repository, "own", 'backend: "python" max_batch_size: 1')
    (folder / "1" / "near.py").write_text("x = 1\n")
    (folder / "1" / "model.py").write_text(text)
    found = stack_file_faults(write(tmp_path, managed_stack(repository, "own")), repository)
    assert [one.problem.split()[2].rstrip(",") for one in found] == missing
    assert all("a backend of Triton's own" in one.way_out for one in found)


def test_the_files_of_companions_count_and_an_old_folder_is_refused(tmp_path: Path, repository: Path) -> None:
    before = managed_uri(repository, "tiny")
    stack = managed_stack(repository, "tiny")
    stack["models"] = {"tiny": stack["models"]["tiny"], "batched": {}}
    assert stack_file_faults(write(tmp_path, stack), repository) == []
    (repository / "core" / "1" / "model.py").write_text("# another\n")
    (fault,) = stack_file_faults(write(tmp_path, stack), repository)
    assert fault.where.endswith("tiny.source.uri") and "copy tiny, core of" in fault.way_out
    assert before not in fault.way_out


def test_a_plan_says_machines_files_image_quota_and_what_has_no_price(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository, managed_stack(repository, **SCALED))
    (made,) = plan.managed_endpoints
    assert [one.name for one in plan.endpoints] == ["tiny"], "no pod is made of it"
    assert (made.service, made.machine_type, made.accelerator) == ("SageMaker", "ml.g6.xlarge", "nvidia-l4")
    assert (made.min_instances, made.max_instances, made.requests_per_minute) == (1, 4, 600.0)
    assert made.image == "763104351884.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:25.09-py3"
    assert made.system_image == "al2023-ami-sagemaker-inference-gpu-4-1" and made.startup_seconds == 1800
    assert made.uri.endswith(f"/{made.content_hash}/")
    assert (made.quota, made.quota_instances) == ("ml.g6.xlarge for endpoint usage", 8)
    assert any("managed endpoint batched (ml.g6.xlarge: no price of SageMaker)" in gap for gap in plan.cost.not_priced)
    assert plan.cost.usd_per_month_high is None, "a known part is never the whole"
    text = render_text(plan)
    assert "Managed endpoint batched\n" in text and "1 to 4, 600 requests a minute each" in text
    without = planned(tmp_path, repository, aws())
    assert "Managed" not in render_text(without) and without.cost.usd_per_month_high is not None


def test_one_number_of_machines_is_fixed_and_processors_have_the_services_system_image(
    tmp_path: Path, repository: Path
) -> None:
    more: dict[str, Any] = {"managed": {"machine_type": "ml.c7i.2xlarge"}, "replicas": {"min": 2}}
    (made,) = planned(tmp_path, repository, managed_stack(repository, **more)).managed_endpoints
    assert (made.min_instances, made.max_instances, made.requests_per_minute) == (2, 2, None)
    assert (made.accelerator, made.system_image, made.startup_seconds) == (None, None, 600)


def test_every_machine_is_one_that_sagemaker_knows_and_none_that_we_could_name_is_missing() -> None:
    sold = set(get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType").enum)
    known = managed_machines(Cloud.AWS)
    assert set(known) <= sold
    usable = {
        f"ml.{row.machine_type}"
        for row in all_machines()
        if row.cloud == Cloud.AWS and row.architecture == "x86_64" and row.k8s_resource in ("cpu", "nvidia.com/gpu")
    }
    assert usable & sold <= set(known)


@pytest.mark.parametrize("cloud", clouds_with_managed_endpoints())
def test_rows_cite_their_sources_and_say_what_they_carry(cloud: Cloud) -> None:
    service = managed_service(cloud)
    assert service is not None and set(service.source) <= set(managed_sources())
    for row in managed_machines(cloud).values():
        assert row.source and set(row.source) <= set(managed_sources())
        assert row.gone is not None or row.carries is not None
        assert (row.usd_per_hour is None) == (row.price_region is None)


@pytest.mark.parametrize("cloud", clouds_with_managed_endpoints())
def test_what_replaces_a_machine_carries_no_less(cloud: Cloud) -> None:
    gone = [row for row in managed_machines(cloud).values() if row.gone]
    assert gone
    for row in gone:
        nearest = nearest_living_managed(row)
        if nearest is None:
            continue
        assert nearest.gone is None and nearest.carries is not None
        old = row.carries.accelerator_count if row.carries else row.accelerator_count
        assert (nearest.carries.accelerator_count or 0) >= (old or 0) > 0


def test_an_image_has_a_tag_or_a_digest() -> None:
    """SageMaker takes one of the two."""
    known = UpstreamImage(reference="triton:25.09", digest=None)
    assert known.by_digest_alone() == "triton:25.09"
    assert known.model_copy(update={"digest": "sha256:ab"}).by_digest_alone() == "triton@sha256:ab"
