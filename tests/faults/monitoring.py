"""Prometheus gone: serving does not need it, and `status` says that nobody watches."""

from __future__ import annotations

from typing import Any

from tests.faults.fault import Fault
from tests.faults.scene import Scene

NAMESPACE = "monitoring"
OPERATOR = "prometheus-operator"
SERVER = "prometheus-prometheus"


def prometheus_gone() -> Fault:
    """Its operator too, which would bring it back at once."""
    words = rf"{NAMESPACE}/{SERVER}: 0 of 0 .*scaled to zero by hand"
    return Fault("Prometheus gone", _scale_down, words, _is_gone, lambda scene: _scale(scene, 1))


def _scale_down(scene: Scene) -> None:
    _scale(scene, 0)
    server: dict[str, Any] = {"spec": {"replicas": 0}}
    scene.workloads.apps.patch_namespaced_stateful_set_scale(SERVER, NAMESPACE, server)


def _scale(scene: Scene, replicas: int) -> None:
    scene.workloads.apps.patch_namespaced_deployment_scale(OPERATOR, NAMESPACE, {"spec": {"replicas": replicas}})


def _is_gone(scene: Scene) -> bool:
    return not scene.pod_processes(r"/bin/prometheus --config")
