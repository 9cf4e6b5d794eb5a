"""What a bench puts into the local cluster for its own use, and takes away again.

A bare server is Triton as the plan runs it, in a pod of its own: no mux, no queue-proxy, nobody's selector finds it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import httpx

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from aigc.serving.triton import HTTP_PORT, PodImages, pod_spec
from scripts.engine.kube_client import KubeClient
from scripts.engine.kubeconfig import load_connection
from scripts.engine.objects import key_of
from scripts.local.cluster_api import LAYOUT
from scripts.local.supply.api import ensure_host_tools, ensure_images, import_images
from scripts.local.workloads import Workloads
from scripts.progress import Progress

CPU_REQUEST = "50m"
"""Of every Triton of a bench, so that two of them fit beside the stack and their shares of a busy core are the same."""
Changes = Mapping[str, Mapping[str, str]]
"""Model -> text in its config.pbtxt -> what stands there instead."""
NO_CHANGES: Changes = MappingProxyType({})
CHANGED_REPOSITORY = "/tmp/models"  # noqa: S108 a volume of the pod's own
_CHANGER = f"""\
import json, os, pathlib, shutil, sys
shutil.copytree("/models", "{CHANGED_REPOSITORY}")
for model, changes in json.loads(sys.argv[1]).items():
    config = pathlib.Path("{CHANGED_REPOSITORY}", model, "config.pbtxt")
    text = config.read_text()
    for old, new in changes.items():
        assert old in text, (model, old)
        text = text.replace(old, new)
    config.write_text(text)
os.execvp(sys.argv[2], sys.argv[2:])
"""
START_SECONDS = 120.0
LOOK_SECONDS = 2.0
STARTS = 3
"""On a busy machine Triton's Python backend now and then aborts as it starts (boost::interprocess::lock_exception,
triton-inference-server/server issue 8882). The kubelet starts a Deployment's again, and nobody a pod of a bench."""
GONE_SECONDS = 60.0
POLL_SECONDS = 0.01
Found = TypeVar("Found")
BENCH_LABEL = "aigc/bench"


@dataclass(frozen=True)
class Bench:
    """Connections to the cluster and the plan whose servers are measured."""

    plan: StackPlan
    kube: KubeClient
    workloads: Workloads

    @classmethod
    def open(cls, plan: StackPlan) -> Bench:
        """Connect, and put the images of the plan where the kubelet finds them.

        Raises:
            UserError: there is no local cluster.
        """
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was put there is taken away
        workloads = Workloads.connect_patiently(KUBECONFIG)
        progress = Progress(quiet=True)
        archives = ensure_images(plan.images, plan.endpoints, MODEL_REPOSITORY, progress)
        import_images(archives, ensure_host_tools(progress).bin_dir / "ctr", LAYOUT.containerd_socket, progress)
        return cls(plan, KubeClient(load_connection(KUBECONFIG, None)), workloads)

    def endpoint(self, model: str) -> EndpointPlan:
        """The endpoint whose first model it is."""
        return next(endpoint for endpoint in self.plan.endpoints if endpoint.models[0] == model)


@dataclass(frozen=True)
class Server:
    """A bare server that is ready."""

    name: str
    ip: str
    container: str
    """The id of Triton's container."""
    asked_at: float
    """When the API server was asked for the pod; times are seconds since the epoch."""
    process_at: float
    """When the process started."""
    ready_at: float
    """When it first said that it is ready."""


def bare_pod(endpoint: EndpointPlan, name: str, changes: Changes) -> dict[str, Any]:
    """Triton of an endpoint, and nothing else, as a pod; `changes` are made in a copy of its model repository."""
    spec = pod_spec(endpoint, PodImages("", endpoint.source.image), "")
    triton = next(container for container in spec["containers"] if container["name"] == "triton")
    volumes = [volume for volume in spec["volumes"] if volume["name"] != "mux"]
    # It answers nobody when it is told to end, and the bench waits for its end.
    command = [part if "--exit-timeout" not in part else "--exit-timeout-secs=1" for part in triton["command"]]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": MODELS_NAMESPACE, "labels": {BENCH_LABEL: name}},
        "spec": {
            **spec,
            "containers": [with_cpu_request({**triton, "command": with_changes(command, changes)})],
            "volumes": volumes,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 2,
        },
    }


def with_changes(command: list[str], changes: Changes) -> list[str]:
    """A command of Triton that first copies its repository and replaces text in the models' configurations."""
    if not changes:
        return command
    moved = [part.replace("--model-repository=/models", f"--model-repository={CHANGED_REPOSITORY}") for part in command]
    return ["python3", "-c", _CHANGER, json.dumps(changes), *moved]


def with_cpu_request(container: dict[str, Any]) -> dict[str, Any]:
    """A container that asks for as much CPU as every Triton of a bench."""
    requests = {**container["resources"]["requests"], "cpu": CPU_REQUEST}
    return {**container, "resources": {**container["resources"], "requests": requests}}


class EndedError(Exception):
    """A server that has ended where it should have become ready."""


@contextmanager
def running(bench: Bench, endpoint: EndpointPlan, name: str, changes: Changes = NO_CHANGES) -> Iterator[Server]:
    """A bare server for so long as the block lasts."""
    body = bare_pod(endpoint, name, changes)
    try:
        yield once_ready(lambda: start(bench, name, body))
    finally:
        remove(bench, body)


def once_ready(start_one: Callable[[], Found]) -> Found:
    """A server that is ready, by the first of a few starts; what the others said goes to standard error.

    Raises:
        EndedError: none became ready.
    """
    for _ in range(STARTS - 1):
        try:
            return start_one()
        except EndedError as ended:
            sys.stderr.write(f"started again: {ended}\n")
    return start_one()


def start(bench: Bench, name: str, body: dict[str, Any]) -> Server:
    """Make the pod anew and wait until its server is ready.

    Raises:
        EndedError: it ended before that; with the last it said.
    """
    remove(bench, body)
    asked_at = time.time()
    bench.kube.apply(body, force=True)
    ip = wait_for(lambda: pod(bench, name).status.pod_ip, START_SECONDS, f"{name} has an address")
    ready_at = until_ready(ip, partial(refuse_ended, bench, name))
    container = container_of(bench, name)
    started_at = process_started_at(processes_of(container)[0])
    return Server(name, ip, container, asked_at, started_at, ready_at)


def until_ready(ip: str, look: Callable[[], None]) -> float:
    """When the server at an address first said that it is ready; from time to time somebody looks whether it lives."""
    looked = time.monotonic()

    def ready() -> bool:
        nonlocal looked
        if time.monotonic() - looked > LOOK_SECONDS:
            look()
            looked = time.monotonic()
        return says_ready(client, f"http://{ip}:{HTTP_PORT}")

    with httpx.Client(timeout=1) as client:
        wait_for(ready, START_SECONDS, f"{ip} is ready")
    return time.time()


def refuse_ended(bench: Bench, name: str) -> None:
    """Raise EndedError where a pod has ended, with the end of its log."""
    if pod(bench, name).status.phase in ("Failed", "Succeeded"):
        raise EndedError(f"{name} has ended: {bench.workloads.container_log(MODELS_NAMESPACE, name, 'triton', 3)}")


def says_ready(client: httpx.Client, url: str) -> bool:
    """One question; a refused connection is a no."""
    try:
        return client.get(f"{url}/v2/health/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def wait_for(question: Callable[[], Found], seconds: float, what: str) -> Found:
    """The first answer that is not false, asked for every few milliseconds.

    Raises:
        TimeoutError: there was none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := question():
            return found
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"not within {seconds:g} s: {what}")


def remove(bench: Bench, body: dict[str, Any]) -> None:
    """Delete an object and wait until it is gone."""
    key = key_of(body)
    if bench.kube.delete(key):
        wait_for(lambda: bench.kube.get(key) is None, GONE_SECONDS, f"{key} is gone")


def pod(bench: Bench, name: str) -> Any:
    """One pod of the models' namespace."""
    return bench.workloads.core.read_namespaced_pod(name, MODELS_NAMESPACE)


def container_of(bench: Bench, pod_name: str, container: str = "triton") -> str:
    """The id that the runtime gave a container."""
    statuses = pod(bench, pod_name).status.container_statuses or []
    return next(str(status.container_id) for status in statuses if status.name == container).rpartition("/")[2]


def processes_of(container_id: str) -> list[int]:
    """Processes of a container, first started first, found by its control group."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and container_id in (entry / "cgroup").read_text():
                found.append(int(entry.name))
    return sorted(found)


def process_started_at(process: int) -> float:
    """When a process started, in seconds since the epoch, to a hundredth: the kernel counts in ticks since its boot."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def pin(container_id: str, cores: set[int]) -> int:
    """Bind every thread of a container to cores; how many there are."""
    bound = 0
    for process in processes_of(container_id):
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(int(thread.name), cores)
                    bound += 1
    return bound


def cpu_seconds(container_id: str) -> float:
    """Processor time that the living processes of a container have used."""
    ticks = 0
    for process in processes_of(container_id):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
