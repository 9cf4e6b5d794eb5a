"""`kill -9` of every component in turn: host processes, the platform's pods, and what a request passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.alarm import Alarm, of_container, of_host_process
from tests.faults.fault import Fault
from tests.faults.scene import Scene, kill

HOST = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "containerd",
        "coredns", "keeper")  # fmt: skip


@dataclass(frozen=True)
class Pods:
    """A program in pods: how its command line looks, which workload's words tell of it, and as which container."""

    name: str
    pattern: str
    workload: str
    container: str
    may_fail: bool = False


TRITON = r"^/opt/tritonserver/bin/tritonserver"
"""The server itself, and not the launcher, which has the same words in its command line."""
PODS = (
    Pods("gateway-envoy", r"envoy -c /etc/envoy/envoy\.yaml", "gateway/gateway", "envoy", may_fail=True),
    Pods("gateway-controller", r"-m gateway run", "gateway/gateway", "controller"),
    # Its streams end with it, and Knative has one replica of it.
    Pods("knative-activator", r"/ko-app/activator", "knative-serving/activator", "activator", may_fail=True),
    Pods("knative-autoscaler", r"/ko-app/autoscaler", "knative-serving/autoscaler", "autoscaler"),
    Pods("knative-controller", r"/ko-app/controller", "knative-serving/controller", "controller"),
    Pods("knative-webhook", r"/ko-app/webhook", "knative-serving/webhook", "webhook"),
    Pods("queue-proxy", r"/ko-app/queue", "models/gpt", "queue-proxy", may_fail=True),
    Pods("triton-of-knative", rf"{TRITON} .*--load-model=gpt ", "models/gpt", "triton", may_fail=True),
    Pods("triton-of-steady", rf"{TRITON} .*-model=gpt_handbook ", "models/gpt-handbook", "triton", may_fail=True),
    Pods("python-model", r"backend_stub \S*/gpt_handbook/", "models/gpt-handbook", "triton", may_fail=True),
    Pods("mux-envoy", r"envoy -c /etc/envoy/mux\.yaml", "models/gpt", "mux", may_fail=True),
    Pods("prometheus", r"/bin/prometheus --config", "monitoring/prometheus-prometheus", "prometheus"),
    Pods("alertmanager", r"/bin/alertmanager --config", "monitoring/alertmanager-alertmanager", "alertmanager"),
    Pods("prometheus-operator", r"/bin/operator --", "monitoring/prometheus-operator", "prometheus-operator"),
    Pods("keda-operator", r"^/keda( |$)", "keda/keda-operator", "keda-operator"),
    Pods("keda-metrics-apiserver", r"^/keda-adapter", "keda/keda-metrics-apiserver", "keda-metrics-apiserver"),
)


def host_pattern(name: str) -> str:
    """The command line of a host process."""
    return r"-m scripts\.local\.cluster\.keeper" if name == "keeper" else rf"^\S*/{name}( |$)"


def kills() -> tuple[Fault, ...]:
    """All of them, host first."""
    return (*(_host(name) for name in HOST), _supervisor(), *(_pods(pods) for pods in PODS))


def _host(name: str) -> Fault:
    words, alarm = rf"^{name}: .*exited \d+ times? so far", of_host_process(name)
    return _killing(name, lambda scene: scene.host_processes(host_pattern(name)), words, alarm)


def _supervisor() -> Fault:
    words, alarm = r"^supervisord: running: was gone \d+ times?", of_host_process("supervisord")
    return _killing("supervisord", lambda scene: scene.host_processes(r"supervisor\.supervisord"), words, alarm)


def _pods(pods: Pods) -> Fault:
    words = rf"^{pods.workload}: .*{pods.container} was started again .*SIGKILL"
    alarm = of_container(pods.workload, pods.container)
    return _killing(pods.name, lambda scene: scene.pod_processes(pods.pattern), words, alarm, pods.may_fail)


def _killing(name: str, find: Callable[[Scene], set[int]], words: str, alarm: Alarm, may_fail: bool = False) -> Fault:
    before: set[int] = set()

    def cause(scene: Scene) -> None:
        before.clear()
        before.update(find(scene))
        assert before, f"no process {name} of ours is running"
        kill(before)

    def replaced(scene: Scene) -> bool:
        return bool(find(scene) - before)

    # Twenty seconds each, were it waited for: all kills are asked for together.
    return Fault(f"kill -9 {name}", cause, words, replaced, may_fail=may_fail, alarm=alarm, alarm_is_awaited=False)
