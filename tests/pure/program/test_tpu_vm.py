"""What the Cloud TPU API is asked for, read off the graph that the engine sees, and who may do what."""

from __future__ import annotations

import shlex
import subprocess
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.catalog.tpu_vms import tpu_vm_cloud
from aigc.clouds.contract import NetworkHandle, TpuVms
from aigc.clouds.gcp.tpu_vm_script import startup_script
from aigc.clouds.registry import adapter_for, registered_clouds
from aigc.plan.stack_plan import CapacityType, Cloud, StackPlan, TpuVmPlan
from aigc.policy.judge import judge
from aigc.serving.tpu_vm import build_tpu_vms
from scripts.engine.graph import Graph, Resource
from scripts.preview.changes import changes_since
from scripts.preview.policy_view import stack_view
from scripts.preview.replacements import Effect
from tests.contracts.report import check_graph
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, gcp_plan
from tests.pure.program.test_graph import ancestors, custom

OURS = "TpuVm"
IMAGE = f"us-central1-docker.pkg.dev/aigc-dev/aigc/embed@sha256:{'0' * 64}"


def tpu_vm_plan(**more: Any) -> TpuVmPlan:
    facts: dict[str, Any] = {
        "name": "embed",
        "physical_name": "aigc-gcp-test-embed",
        "zone": "us-central1-b",
        "accelerator": "tpu-v6e",
        "api_type": "V6E",
        "topology": "2x2",
        "chips": 4,
        "hosts": 1,
        "runtime_version": "v2-alpha-tpuv6e",
        "capacity": CapacityType.SPOT,
        "image": IMAGE,
        "command": ("serve", "--name", "two words; reboot"),
        "files": "gs://aigc-dev-weights/embed/1",
        "port": 8000,
        "quota": "TPUV6EPreemptiblePerProjectPerZoneForTPUAPI",
    }
    return TpuVmPlan(**facts | more)


WIDE = tpu_vm_plan(
    name="wide", physical_name="aigc-gcp-test-wide", topology="4x4", chips=16, hosts=4, port=None, files=None,
    capacity=CapacityType.ON_DEMAND, image="registry.example/wide:1",
)  # fmt: skip


def with_vms(*vms: TpuVmPlan, protected: bool = False) -> StackPlan:
    plan = gcp_plan()
    cluster = plan.cluster.model_copy(update={"deletion_protection": protected})
    place = {"region": "us-central1", "project": "aigc-dev"}
    return plan.model_copy(update={**place, "cluster": cluster, "tpu_vms": vms})


PLAN = with_vms(tpu_vm_plan(), WIDE)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(lambda: build(PLAN), "gcp-test")


def ours(graph: Graph, kind: str) -> dict[str, Resource]:
    return {one.name: one for one in custom(graph) if one.type.endswith(f":{kind}") and OURS in one.urn}


def test_google_would_take_every_argument(graph: Graph) -> None:
    report = check_graph(graph)
    assert [fault for fault in report.faults if OURS in fault] == []
    assert {"gcp:tpu/v2Vm:V2Vm", "gcp:compute/firewall:Firewall"} <= set(report.types)


def test_the_rules_of_the_house_hold(graph: Graph) -> None:
    urns = {item.urn for item in graph.resources if OURS in item.urn}
    assert len(urns) > 10
    verdicts = [(one.rule.name, found) for one in judge(stack_view(graph)) for found in one.findings if one.broken]
    assert [(rule, found) for rule, found in verdicts if found.urn in urns] == []


def test_an_image_without_a_version_breaks_a_rule() -> None:
    bad = graph_of(lambda: build(with_vms(tpu_vm_plan(image="registry.example/embed:latest"))), "gcp-test")
    (verdict,) = (one for one in judge(stack_view(bad)) if one.rule.name == "images-have-a-version")
    assert any(OURS in finding.urn for finding in verdict.findings)


def test_the_slice_is_that_of_the_plan(graph: Graph) -> None:
    vm = ours(graph, "V2Vm")["embed"].inputs
    assert vm["acceleratorConfig"] == {"type": "V6E", "topology": "2x2"}
    assert (vm["zone"], vm["runtimeVersion"], vm["schedulingConfig"]) == (
        "us-central1-b", "v2-alpha-tpuv6e", {"spot": True},
    )  # fmt: skip
    assert vm["labels"] == {"aigc-stack": "gcp-test", "aigc-tpu-vm": "embed"}
    assert "schedulingConfig" not in ours(graph, "V2Vm")["wide"].inputs


def test_no_machine_has_a_public_address(graph: Graph) -> None:
    for vm in ours(graph, "V2Vm").values():
        assert vm.inputs["networkConfig"]["enableExternalIps"] is False
        assert {"network", "subnetwork"} <= set(vm.inputs["networkConfig"])


def test_each_slice_has_an_account_that_can_do_little(graph: Graph) -> None:
    accounts = {one.inputs["accountId"] for one in ours(graph, "Account").values()}
    assert accounts == {"aigc-gcp-test-embed", "aigc-gcp-test-wide"}
    roles = {name: one.inputs["role"] for name, one in ours(graph, "IAMMember").items()}
    assert set(roles.values()) == {"roles/logging.logWriter", "roles/monitoring.metricWriter"}
    readers = ours(graph, "RepositoryIamMember")
    assert [(one.inputs["repository"], one.inputs["role"]) for one in readers.values()] == [
        ("aigc", "roles/artifactregistry.reader")
    ]
    buckets = ours(graph, "BucketIAMMember")
    assert [(one.inputs["bucket"], one.inputs["role"]) for one in buckets.values()] == [
        ("aigc-dev-weights", "roles/storage.objectViewer")
    ]


def test_the_slice_comes_after_what_it_needs(graph: Graph) -> None:
    before = ancestors(graph, ours(graph, "V2Vm")["embed"])
    assert "tpu.googleapis.com" in [one.inputs.get("service") for one in custom(graph) if one.urn in before]
    for kind in ("IAMMember", "RepositoryIamMember", "BucketIAMMember", "Firewall"):
        found = [one.urn for name, one in ours(graph, kind).items() if "embed" in name]
        assert found and set(found) <= before, kind


def test_a_port_opens_to_the_cluster_alone_and_a_slice_to_itself(graph: Graph) -> None:
    rules = ours(graph, "Firewall")
    assert set(rules) == {"embed-clients", "wide-slice"}
    clients, within = rules["embed-clients"].inputs, rules["wide-slice"].inputs
    assert clients["allows"] == [{"protocol": "tcp", "ports": ["8000"]}]
    assert clients["sourceRanges"] == [PLAN.cluster.node_cidr, PLAN.cluster.pod_cidr]
    assert within["allows"] == [{"protocol": "tcp"}] and "sourceRanges" not in within
    assert len(within["sourceServiceAccounts"]) == 1
    assert all(len(one.inputs["targetServiceAccounts"]) == 1 for one in rules.values())


@pytest.mark.parametrize(("protected", "policy"), [(False, "DELETE"), (True, "PREVENT")])
def test_a_protected_stack_keeps_its_slice(protected: bool, policy: str) -> None:
    found = graph_of(lambda: build(with_vms(tpu_vm_plan(), protected=protected)), "gcp-prod")
    vm = ours(found, "V2Vm")["embed"]
    assert vm.inputs["deletionPolicy"] == policy
    (verdict,) = (one for one in judge(stack_view(found)) if one.rule.name == "production-is-protected")
    assert any(finding.urn == vm.urn for finding in verdict.findings) is not protected


def test_what_runs_elsewhere_is_a_new_slice(graph: Graph) -> None:
    newer = with_vms(tpu_vm_plan(image=IMAGE.replace("sha256:0", "sha256:1")), WIDE)
    changed = changes_since("base", graph, graph_of(lambda: build(newer), "gcp-test")).changed
    (vm,) = (one for one in changed if "V2Vm" in one.urn)
    assert vm.effect is Effect.REPLACED and "deleted first" in (vm.order or "")
    assert {reason.path for reason in vm.reasons} == {"metadata.image", "metadata.startup-script"}


def test_what_is_reserved_is_asked_for() -> None:
    found = graph_of(lambda: build(with_vms(tpu_vm_plan(capacity=CapacityType.RESERVED))), "gcp-test")
    assert ours(found, "V2Vm")["embed"].inputs["schedulingConfig"] == {"reserved": True}


@pytest.mark.parametrize("vm", [tpu_vm_plan(), WIDE, tpu_vm_plan(command=())], ids=lambda vm: vm.topology)
def test_the_startup_script_is_bash(vm: TpuVmPlan) -> None:
    subprocess.run(["bash", "-n"], input=startup_script(vm), text=True, check=True)


def test_the_script_runs_the_stack_file_s_container_and_nothing_else() -> None:
    lines = startup_script(tpu_vm_plan()).splitlines()
    run = shlex.split(next(line for line in lines if line.startswith("docker run")))
    assert run[run.index(IMAGE) :] == [IMAGE, "serve", "--name", "two words; reboot"]
    assert "/var/lib/aigc/files:/files:ro" in run
    (fetched,) = (shlex.split(line) for line in lines if line.startswith("gcloud storage"))
    assert fetched[-2:] == ["gs://aigc-dev-weights/embed/1", "/var/lib/aigc/files"]
    assert any("https://us-central1-docker.pkg.dev" in line for line in lines)


def test_what_needs_no_bucket_and_no_login_asks_for_none() -> None:
    script = startup_script(WIDE)
    assert "gcloud" not in script and "docker login" not in script and "--volume" not in script


def test_who_offers_them_is_who_the_catalog_says() -> None:
    for name in registered_clouds():
        assert isinstance(adapter_for(Cloud(name)), TpuVms) == (Cloud(name) is tpu_vm_cloud()), name


def test_a_plan_that_its_cloud_cannot_make_is_refused() -> None:
    plan = aws_plan().model_copy(update={"tpu_vms": (tpu_vm_plan(),)})
    with pytest.raises(UserError, match="tpu_vms"):
        build_tpu_vms(plan, NetworkHandle())
