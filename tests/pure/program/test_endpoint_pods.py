"""The pod of an endpoint: hardened, acceptable to Knative, and never ended before its requests are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aigc.autoscaling.kpa import kpa_annotations
from aigc.catalog.faults import UserError
from aigc.catalog.kinds import SourceKind
from aigc.plan.stack_plan import EndpointPlan, ServingMode
from aigc.serving.endpoint import endpoint_bodies, mux_config_body
from aigc.serving.triton import PodImages, shm_mib
from aigc.serving.triton_config import config_bodies
from tests.pure.program.plans import endpoint_plan, scaling_plan
from tests.pure.program.pods import containers, knative_faults, restricted_faults

IMAGES = PodImages(mux="dev.local/envoy:1.0.0", triton="dev.local/triton-gpt:0123456789ab")
GPU_FEATURES = {"kubernetes.podspec-tolerations": "enabled", "kubernetes.podspec-nodeselector": "enabled"}


def template_of(endpoint: EndpointPlan) -> dict[str, Any]:
    body = endpoint_bodies(endpoint, IMAGES, "mux-config", kpa_annotations(endpoint))[-1]
    template: dict[str, Any] = body["spec"]["template"]
    return template


def pod_of(endpoint: EndpointPlan) -> dict[str, Any]:
    spec: dict[str, Any] = template_of(endpoint)["spec"]
    return spec


def triton_of(endpoint: EndpointPlan) -> dict[str, Any]:
    return next(container for container in containers(pod_of(endpoint)) if container["name"] == "triton")


@pytest.mark.parametrize("mode", list(ServingMode))
@pytest.mark.parametrize("gpu", [False, True])
def test_every_endpoint_pod_is_restricted(mode: ServingMode, gpu: bool) -> None:
    assert restricted_faults(pod_of(endpoint_plan("gpt", mode, gpu=gpu))) == []


def test_the_check_for_restricted_sees_a_pod_that_is_not() -> None:
    pod = pod_of(endpoint_plan("gpt", ServingMode.KNATIVE))
    del pod["containers"][0]["securityContext"]["seccompProfile"]
    pod["containers"][1]["securityContext"]["runAsUser"] = 0
    assert restricted_faults(pod) == ["triton: no seccomp profile", "mux: may run as root"]


def test_knative_accepts_the_pod_with_the_features_it_needs_and_not_without() -> None:
    assert knative_faults(pod_of(endpoint_plan("gpt", ServingMode.KNATIVE)), {}) == []
    gpu = pod_of(endpoint_plan("gpt", ServingMode.KNATIVE, gpu=True))
    assert knative_faults(gpu, GPU_FEATURES) == []
    assert knative_faults(gpu, {}) == ["field nodeSelector", "field tolerations"]


def test_only_the_mux_has_a_port_and_it_is_h2c() -> None:
    pod = pod_of(endpoint_plan("gpt", ServingMode.KNATIVE))
    ports = [port for container in pod["containers"] for port in container.get("ports", [])]
    assert ports == [{"name": "h2c", "containerPort": 8080}]
    triton, mux = pod["containers"]
    assert triton["name"] == "triton", "a cold start waits for the one that is started first"
    assert mux["readinessProbe"]["httpGet"] == {"path": "/v2/health/ready", "port": 8080}


@pytest.mark.parametrize("mode", list(ServingMode))
@pytest.mark.parametrize("timeout", [10, 300, 900])
def test_nothing_ends_before_the_longest_request(mode: ServingMode, timeout: int) -> None:
    endpoint = endpoint_plan("gpt", mode, scaling=scaling_plan(request_timeout_seconds=timeout))
    exit_timeout = next(arg for arg in triton_of(endpoint)["command"] if arg.startswith("--exit-timeout-secs="))
    assert int(exit_timeout.split("=")[1]) >= timeout
    pod = pod_of(endpoint)
    # Knative makes timeoutSeconds the grace of the pod.
    grace = pod["timeoutSeconds"] if mode is ServingMode.KNATIVE else pod["terminationGracePeriodSeconds"]
    drain = triton_of(endpoint).get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    assert grace >= drain + int(exit_timeout.split("=")[1])


@pytest.mark.parametrize("mode", list(ServingMode))
def test_triton_may_take_its_deadline_to_load_and_is_then_watched(mode: ServingMode) -> None:
    endpoint = endpoint_plan("gpt", mode, gpu=True)
    triton = triton_of(endpoint)
    startup, liveness = triton["startupProbe"], triton["livenessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= endpoint.scaling.progress_deadline_seconds
    assert startup["httpGet"] == liveness["httpGet"] == {"path": "/v2/health/live", "port": 8000}
    # Knative's schema knows no grace of a probe: an apply would be refused.
    assert ("terminationGracePeriodSeconds" in liveness) is (mode is ServingMode.STEADY)


@pytest.mark.parametrize("mode", list(ServingMode))
def test_an_engine_waits_longer_than_a_version_may_take(mode: ServingMode) -> None:
    endpoint = endpoint_plan("gpt", mode)
    body = endpoint_bodies(endpoint, IMAGES, "mux-config", kpa_annotations(endpoint))[-1]
    waits = int(body["metadata"]["annotations"]["pulumi.com/timeoutSeconds"])
    assert waits > endpoint.scaling.progress_deadline_seconds


def test_a_steady_mux_outlives_triton() -> None:
    pod = pod_of(endpoint_plan("gpt", ServingMode.STEADY))
    assert [(c["name"], c["restartPolicy"]) for c in pod["initContainers"]] == [("mux", "Always")]
    assert [c["name"] for c in pod["containers"]] == ["triton"]


def test_triton_loads_exactly_the_planned_models() -> None:
    endpoint = endpoint_plan("gpt", ServingMode.KNATIVE)
    loads = [arg.split("=")[1] for arg in triton_of(endpoint)["command"] if arg.startswith("--load-model=")]
    assert loads == list(endpoint.models)
    assert "--model-control-mode=explicit" in triton_of(endpoint)["command"]


def test_an_accelerator_pod_tolerates_the_taint_requests_the_key_and_lands_on_the_pool() -> None:
    endpoint = endpoint_plan("gpt", ServingMode.KNATIVE, gpu=True)
    pod, resources = pod_of(endpoint), triton_of(endpoint)["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "1"
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]
    assert pod["nodeSelector"] == {"aigc/pool": "gpu"}
    plain = triton_of(endpoint_plan("gpt", ServingMode.KNATIVE))["resources"]
    assert "nvidia.com/gpu" not in plain["limits"]


@pytest.mark.parametrize(("memory", "shm"), [(128, 64), (1024, 256), (65536, 1024)])
def test_shared_memory_is_a_bounded_part_of_the_pods_memory(memory: int, shm: int) -> None:
    assert shm_mib(memory) == shm


def test_every_start_has_its_own_shared_memory_prefix(tmp_path: Path) -> None:
    """The launcher is real Python: run it with `/dev/shm` and Triton replaced, twice."""
    launcher = triton_of(endpoint_plan("gpt", ServingMode.KNATIVE))["command"][2]
    (tmp_path / "left-behind").write_text("region")
    script = launcher.replace("/dev/shm", str(tmp_path))  # noqa: S108 the folder that is replaced
    runs = [
        subprocess.run(
            [sys.executable, "-c", script, "echo", "--http-port=1"], capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    first, second = (run.stdout.split() for run in runs)
    assert first[0] == second[0] == "--http-port=1"
    assert first[1] != second[1] and first[1].startswith("--backend-config=python,shm-region-prefix-name=triton-")
    assert list(tmp_path.iterdir()) == []


def test_a_changed_mux_configuration_is_a_new_object_and_so_a_new_revision() -> None:
    endpoint = endpoint_plan("gpt", ServingMode.KNATIVE)
    first, second = (mux_config_body(endpoint, text)["metadata"]["name"] for text in ("a: 1", "a: 2"))
    assert first != second
    assert template_of(endpoint)["spec"]["volumes"][0]["configMap"]["name"] == "mux-config"


def test_the_steady_service_finds_its_own_pods_only() -> None:
    endpoint = endpoint_plan("gpt", ServingMode.STEADY)
    service, deployment = endpoint_bodies(endpoint, IMAGES, "mux-config", {})
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    assert service["metadata"]["labels"] == {"aigc/endpoint": "gpt"}
    assert service["metadata"]["annotations"] == {"aigc/host": endpoint.host}
    knative = template_of(endpoint_plan("gpt", ServingMode.KNATIVE))["metadata"]["labels"]
    assert not service["spec"]["selector"].items() <= knative.items(), "it must not take the Knative pods of a twin"


@pytest.mark.parametrize("kind", [SourceKind.BUCKET, SourceKind.OCI])
def test_a_source_that_cannot_be_served_names_the_way_out(kind: SourceKind) -> None:
    endpoint = endpoint_plan("gpt", ServingMode.KNATIVE)
    endpoint = endpoint.model_copy(update={"source": endpoint.source.model_copy(update={"kind": kind})})
    with pytest.raises(UserError, match=r"aigc:stack\.models\.gpt\.source: .*Leave `source` out"):
        pod_of(endpoint)


@pytest.mark.parametrize("mode", list(ServingMode))
def test_a_config_of_the_stack_lies_over_the_models_own_and_a_changed_one_makes_new_pods(mode: ServingMode) -> None:
    endpoint = endpoint_plan("gpt", mode, triton_config="max_batch_size: 2")
    (config,) = config_bodies(endpoint)
    (volume,) = [one for one in pod_of(endpoint)["volumes"] if one["name"] == "triton-config"]
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    (mount,) = [one for one in triton_of(endpoint)["volumeMounts"] if one["name"] == "triton-config"]
    assert mount["mountPath"] == "/models/gpt/config.pbtxt"
    assert config["data"] == {mount["subPath"]: "max_batch_size: 2"}
    (other,) = config_bodies(endpoint_plan("gpt", mode, triton_config="max_batch_size: 4"))
    assert other["metadata"]["name"] != config["metadata"]["name"]
    assert restricted_faults(pod_of(endpoint)) == []
    if mode is ServingMode.KNATIVE:
        assert knative_faults(pod_of(endpoint), {}) == []
    assert config_bodies(endpoint_plan("gpt", mode)) == []
