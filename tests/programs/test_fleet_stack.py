"""The whole way from a workload to objects: the stack file of a fleet, run by the program as any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2  # type: ignore[import-untyped]

from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.validation import stack_file_faults
from scripts.__main__ import main
from scripts.engine.api import preview_graph
from tests.pure.fleet.examples import half_full

WORKLOAD = PROJECT_ROOT / "docs" / "examples" / "stack.yaml"


def test_a_workload_becomes_node_pools_and_an_endpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("aigc.plan.fleet.queue_rate.largest_rate", half_full)
    for name in ("Pulumi.yaml", "infra", "model_repository", "k8s"):
        (tmp_path / name).symlink_to(PROJECT_ROOT / name)
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    assert main(["plan", "--workload", str(WORKLOAD), "--stack-file", str(stacks), "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert stack_file_faults(stacks / "Pulumi.gcp-stack.yaml") == []
    graph = preview_graph("gcp-stack", tmp_path)
    objects = {
        (item.inputs["kind"], item.inputs["metadata"]["name"]): item.inputs for item in graph.kubernetes_objects()
    }

    pools = [item.inputs for item in graph.resources if item.type.endswith(":NodePool")]
    with_gpus = [pool for pool in pools if pool["nodeConfig"].get("guestAccelerators")]
    (rented,) = answer["machines"]
    (pool,) = with_gpus
    assert pool["nodeConfig"]["machineType"] == rented["machine_type"]
    assert pool["autoscaling"]["totalMaxNodeCount"] == rented["count"]

    (placed,) = answer["replicas"]
    scaled = objects["ScaledObject", "gpt"]["spec"]
    assert scaled["maxReplicaCount"] == placed["count"] > scaled["minReplicaCount"]
    assert all(int(trigger["metadata"]["threshold"]) >= 1 for trigger in scaled["triggers"])

    pod = objects["Deployment", "gpt"]["spec"]["template"]["spec"]
    (volume,) = [one["configMap"]["name"] for one in pod["volumes"] if one["name"] == "triton-config"]
    config = text_format.Parse(objects["ConfigMap", volume]["data"]["config.pbtxt"], model_config_pb2.ModelConfig())
    assert (config.name, config.max_batch_size) == ("gpt", placed["max_batch"])
    assert [group.count for group in config.instance_group] == [1]
    assert config.dynamic_batching.max_queue_delay_microseconds == 0
