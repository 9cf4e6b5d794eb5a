"""One row a fault: where it is, what it says, and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.clouds.registry import registered_clouds
from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import add_model, existing, gcp, local, write

POOLS = gcp()["pools"]
LONG = "m" * 46


def pools(**more: Any) -> dict[str, Any]:
    return {"pools": POOLS | more}


def l4(**more: Any) -> dict[str, Any]:
    return pools(l4=POOLS["l4"] | more)


def tiny(**more: Any) -> dict[str, Any]:
    return {"models": {"tiny": more}}


CASES: list[tuple[dict[str, Any], str, str, str]] = [
    (local(models={"gptt": {}}), "models.gptt", "there is no folder", "models: "),
    (local(models={"tinny": {}}), "models.tinny", "there is no folder", "did you mean tiny"),
    (local(models={"../etc": {}}), "models.../etc", "cannot be a model's name", "a letter first"),
    (local(models={LONG: {}}), f"models.{LONG}", "name of a Kubernetes Service", "45 characters"),
    (local(models={"tiny_": {}}), "models.tiny_", "name of a Kubernetes Service", "letter or digit last"),
    (local(models={"core": {}}), "models.core", "only serves other models", "requires it"),
    (local(models={"a_b": {}, "a-b": {}}), "models.a-b", "a-b.models.aigc.internal, as a_b", "rename"),
    (local(**tiny(mode="async")), "tiny.mode", "async is not available yet", "auto, knative or steady"),
    (local(**tiny(mode="managed")), "tiny.mode", "managed is not available yet", "auto, knative or steady"),
    (local(**tiny(source={"kind": "bucket", "uri": "gs://b/x"})), "source.kind", "a bucket of a cloud", "baked"),
    (local(**tiny(source={"kind": "oci"})), "source.kind", "a registry that holds OCI artifacts", "baked"),
    (gcp(**tiny(source={"kind": "oci"})), "source.kind", "not available yet on gcp", "kind: bucket"),
    (local(**tiny(source={"uri": "x"})), "source.uri", "means nothing for kind baked", "remove it"),
    (local(**tiny(replicas={"min": 3, "max": 2})), "replicas.min", "3 is more than max", "raise max"),
    (
        local(**tiny(mode="steady", replicas={"min": 1, "max": 2}), monitoring={"enabled": False}),
        "tiny.replicas.max",
        "2 is more than min, which is 1",
        "enable monitoring",
    ),
    (local(**tiny(mode="steady", replicas={"min": 0})), "replicas.min", "never goes to zero", "knative"),
    (
        local(**tiny(scaling={"target_concurrency": 9, "hard_concurrency": 4})),
        "target_concurrency",
        "more than hard_concurrency",
        "lower it",
    ),
    (local(**tiny(slo={"p99_ms": 301000})), "slo.p99_ms", "longer than a request may take", "request_timeout"),
    (local(models={"batched": {"slo": {"p99_ms": 5}}}), "slo.p99_ms", "batcher alone may wait", "config.pbtxt"),
    (local(**tiny(batching={"instances": 5})), "batching.instances", "says 5", "config.pbtxt is what Triton reads"),
    (local(**tiny(batching={"dynamic": True})), "batching.dynamic", "says true", "remove this key"),
    (local(**tiny(accelerators=["nvidia-l4"])), "accelerators[0]", "no accelerators", "use cpu"),
    (local(**tiny(accelerators=["nvidia-l5"])), "accelerators[0]", "not in the catalog", "nvidia-l4"),
    (gcp(**tiny(accelerators=["aws-inferentia2"])), "accelerators[0]", "gcp does not sell", "aws has it"),
    (gcp(**tiny(accelerators=["nvidia-t4", "nvidia-l4", "nope"])), "accelerators[2]", "not in the catalog", ""),
    (gcp(**tiny(accelerators=["nvidia-t4"])), "models.tiny.accelerators", "no pool carries", "cpu or nvidia-l4"),
    (gcp(**tiny(pool="platfrm")), "tiny.pool", "there is no pool platfrm", "did you mean platform"),
    (gcp(**tiny(pool="l4", accelerators=["cpu"])), "tiny.pool", "carries nvidia-l4", "agree"),
    (gcp(models={"huge": {}}), "resources.memory_mib", "a pod needs", "larger machine"),
    (gcp(**tiny(resources={"cpu_millicores": 9000})), "cpu_millicores", "a pod needs 9150", "lower the request"),
    (gcp(**tiny(replicas={"min": 3, "max": 5})), "replicas.min", "at most 2 replicas", "raise max_nodes"),
    (local(**tiny(pool="x")), "tiny.pool", "no pools of ours", "remove it"),
    (local(pools=POOLS), "pools", "no pools of ours", "remove them"),
    (local(region="us-central1"), "region", "means nothing on cloud local", "remove it"),
    (local(zones=["a"]), "zones", "means nothing", "remove it"),
    (local(project="aigc-dev"), "project", "means nothing", "remove it"),
    (local(nat_gateway_per_zone=False), "nat_gateway_per_zone", "means nothing", "remove it"),
    (gcp(nat_gateway_per_zone=True), "nat_gateway_per_zone", "means nothing on cloud gcp", "remove it"),
    (local(context="mine"), "registry", "cluster of your own", "images push"),
    (local(kubeconfig="/home/me/config"), "registry", "cluster of your own", "images push"),
    (local(kubernetes_minor="1.30"), "kubernetes_minor", "not what is built for local", '"1.37"'),
    (local(domain="Bad_Domain"), "domain", "is no domain", "aigc.internal"),
    (local(domain="x.cluster.local"), "domain", "cluster.local", "another domain"),
    (local(registry="https://x/y"), "registry", "no place for images", "without scheme"),
    (local(capacity=["spot", "spot"]), "capacity", "twice", "once"),
    (local(capacity=["reserved"]), "capacity", "reserved alone", "on_demand"),
    (existing(registry=None), "registry", "is missing", "registry: host/path"),
    (existing(kubeconfig=None), "kubeconfig", "is missing", "path of your kubeconfig"),
    (gcp(kubernetes_minor="137"), "kubernetes_minor", "no minor of Kubernetes", "1.37"),
    (gcp(registry=None), "registry", "baked", "registry: host/path"),
    (gcp(region=None), "region", "is missing", "us-central1"),
    (gcp(region="us-east-1"), "region", "is no region of gcp", "us-central1"),
    (gcp(project=None), "project", "is missing", "Google Cloud project"),
    (gcp(project="X"), "project", "is no project id", "6 to 30"),
    (gcp(kubeconfig="/x"), "kubeconfig", "means nothing on cloud gcp", "remove it"),
    (gcp(zones=["europe-west4-a"]), "zones[0]", "no zone of region us-central1", "us-central1-a"),
    (gcp(**l4(zones=["us-east1-b"])), "pools.l4.zones[0]", "no zone of region", "us-central1-a"),
    (gcp(**l4(zones=["us-central1-a", "us-central1-a"])), "pools.l4.zones[1]", "named twice", "keep it once"),
    (gcp(zones=["us-central1-a"], **l4(zones=["us-central1-b"])), "pools.l4.zones[0]", "stack's zones", "add it"),
    (
        gcp(**l4(machine_type="g2-standard-9")),
        "pools.l4.machine_type",
        "not in the catalog",
        "did you mean g2-standard",
    ),
    (gcp(**l4(machine_type="p5.48xlarge")), "machine_type", "a machine of aws, not of gcp", "machines.yaml"),
    (gcp(**l4(machine_type="n1-* + nvidia-tesla-v100 x1")), "machine_type", "not one machine", "another row"),
    (gcp(**l4(min_nodes=3)), "pools.l4.min_nodes", "3 is more than max_nodes", "raise max_nodes"),
    (gcp(**pools(Big_Pool=POOLS["platform"])), "pools.Big_Pool", "pool's name", "letter first"),
    (gcp(**pools(a100={"machine_type": "a2-highgpu-1g"})), "pools.a100", "no model would use", "remove the pool"),
    (gcp(pools={"l4": POOLS["l4"]}), "aigc:stack.pools", "nowhere for Knative", "min_nodes of 1"),
    (gcp(cloud="azure", region="eastus"), "project", "means nothing on cloud azure", "remove it"),
    (gcp(account="111122223333"), "account", "means nothing on cloud gcp", "remove it"),
    (local(account="111122223333"), "account", "means nothing on cloud local", "remove it"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]}: {case[2]}")
def test_fault(tmp_path: Path, repository: Path, case: tuple[dict[str, Any], str, str, str]) -> None:
    asked, where, problem, way_out = case
    path = write(tmp_path, {key: value for key, value in asked.items() if value is not None})
    found = stack_file_faults(path, repository)
    assert any(where in one.where and problem in one.problem and way_out in one.way_out for one in found), found
    assert all(fault.where.startswith(f"{path}:") for fault in found)
    with pytest.raises(UserError):
        resolve(parse_stack_file(path), path.name.split(".")[1], repository)


@pytest.mark.parametrize("stack", [local(), gcp(), existing(), existing(**tiny(accelerators=["nvidia-l4"]))])
def test_sound_stacks_have_no_fault(tmp_path: Path, repository: Path, stack: dict[str, Any]) -> None:
    assert stack_file_faults(write(tmp_path, stack), repository) == []


def test_every_fault_at_once(tmp_path: Path, repository: Path) -> None:
    stack = local(region="x", budget_usd_per_month=-1, models={"tiny": {"mode": "async", "slo": {"p99": 1}}, "no": {}})
    found = " ".join(fault.where for fault in stack_file_faults(write(tmp_path, stack), repository))
    for place in ("stack.region", "budget_usd_per_month", "tiny.mode", "tiny.slo.p99", "models.no"):
        assert place in found


def test_faults_name_their_line(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    path.write_text("config:\n  aigc:stack:\n    cloud: local\n    models:\n      tiny:\n        mode: async\n")
    assert [fault.where for fault in stack_file_faults(path, repository)] == [f"{path}:6: aigc:stack.models.tiny.mode"]


def test_the_file_is_named_after_its_cloud(tmp_path: Path, repository: Path) -> None:
    (fault,) = stack_file_faults(write(tmp_path, local(), "gcp-dev"), repository)
    assert "Pulumi.gcp-dev.yaml" in fault.problem
    (fault,) = stack_file_faults(write(tmp_path, local(), "local-" + "x" * 40), repository)
    assert "35 characters" in fault.way_out
    (fault,) = stack_file_faults(tmp_path / "stack.yaml", repository)
    assert "not named like a stack file" in fault.problem


def _break(folder: Path, what: str) -> None:
    (folder / "1" / "model.py").unlink()
    if what == "no version":
        (folder / "1").rmdir()
        return
    if what != "empty version":
        (folder / "1" / "model.py").write_text("#")
    broken = {
        "no config": ("config.pbtxt", None),
        "no card": ("model.yaml", None),
        "other name": ("config.pbtxt", 'name: "other"'),
        "bad config": ("config.pbtxt", "max_batch_size: many"),
        "unknown key": ("model.yaml", "modality: text\ndescription: x\nlicense: MIT\nmemory_mb: 1\ncpu_millicores: 1"),
        "bad card": ("model.yaml", "{"),
        "missing companion": ("model.yaml", (folder / "model.yaml").read_text() + "requires: [cor]\n"),
    }
    if what in broken:
        name, text = broken[what]
        (folder / name).unlink()
        if text is not None:
            (folder / name).write_text(text)
    if what == "dead link":
        (folder / "1" / "weights").symlink_to("/nowhere/at/all")


@pytest.mark.parametrize(
    ("what", "where", "problem"),
    [
        ("no version", "broken", "has no version folder"),
        ("empty version", "broken/1", "is an empty version folder"),
        ("no config", "broken/config.pbtxt", "is missing"),
        ("no card", "broken/model.yaml", "is missing"),
        ("other name", "broken/config.pbtxt: name", "is other, the folder is broken"),
        ("bad config", "broken/config.pbtxt", "1:17"),
        ("unknown key", "broken/model.yaml: memory_mb", "Extra inputs"),
        ("bad card", "broken/model.yaml", "not YAML"),
        ("missing companion", "broken/model.yaml: requires", "there is no model cor"),
        ("dead link", "broken/1/weights", "link to nothing"),
    ],
)
def test_broken_model_folder(tmp_path: Path, repository: Path, what: str, where: str, problem: str) -> None:
    _break(add_model(repository, "broken"), what)
    found = stack_file_faults(write(tmp_path, local(models={"broken": {}})), repository)
    assert any(fault.where.endswith(where) and problem in fault.problem and fault.way_out for fault in found), found


def test_available_clouds_are_those_with_an_adapter() -> None:
    assert set(registered_clouds()) == {cloud.value for cloud in Cloud}
