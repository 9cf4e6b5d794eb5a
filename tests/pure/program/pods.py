"""What Pod Security `restricted` and Knative's webhook ask of a pod, as far as our pods touch it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KNATIVE_POD_FIELDS = {
    "serviceAccountName",
    "containers",
    "volumes",
    "imagePullSecrets",
    "enableServiceLinks",
    "automountServiceAccountToken",
    # Of the revision itself, beside the pod's.
    "containerConcurrency",
    "timeoutSeconds",
}
"""knative.dev/serving v0.50.0, pkg/apis/serving/fieldmask.go, PodSpecMask without features."""
KNATIVE_POD_FEATURES = {
    "tolerations": "kubernetes.podspec-tolerations",
    "nodeSelector": "kubernetes.podspec-nodeselector",
    "securityContext": "kubernetes.podspec-securitycontext",
    "initContainers": "kubernetes.podspec-init-containers",
    "affinity": "kubernetes.podspec-affinity",
}
KNATIVE_VOLUME_FEATURES = {
    "csi": "kubernetes.podspec-volumes-csi",
    "persistentVolumeClaim": "kubernetes.podspec-persistent-volume-claim",
}
"""The same module's VolumeSourceMask; a claim must be read-only, too (k8s_validation.go, validateVolume)."""
KNATIVE_FORBIDDEN_CONTAINER_FIELDS = {"lifecycle", "stdin", "stdinOnce", "tty", "volumeDevices", "restartPolicy"}
KNATIVE_FORBIDDEN_ENV = {"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION"}


def containers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from spec.get("initContainers", [])
    yield from spec["containers"]


def restricted_faults(spec: dict[str, Any]) -> list[str]:
    """Every rule of the level that a pod breaks."""
    faults = [f"pod has {field}" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field)]
    pod = spec.get("securityContext", {})
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds <= {"configMap", "csi", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}:
            faults.append(f"volume {volume['name']} is {kinds}")
    for container in containers(spec):
        faults += [f"{container['name']}: {fault}" for fault in _container_faults(container, pod)]
    return faults


def _container_faults(container: dict[str, Any], pod: dict[str, Any]) -> Iterator[str]:
    context = {**pod, **container.get("securityContext", {})}
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if "ALL" not in context.get("capabilities", {}).get("drop", []):
        yield "capabilities are not all dropped"
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
        yield "may run as root"
    if context.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "no seccomp profile"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "has a host port"


def knative_faults(spec: dict[str, Any], features: dict[str, str]) -> list[str]:
    """Every field of a revision's pod that Knative's webhook would refuse with these features."""
    enabled = {field for field, feature in KNATIVE_POD_FEATURES.items() if features.get(feature) == "enabled"}
    faults = [f"field {field}" for field in sorted(set(spec) - KNATIVE_POD_FIELDS - enabled)]
    if sum(len(container.get("ports", [])) for container in spec["containers"]) != 1:
        faults.append("not exactly one port")
    mounted = {mount["name"] for container in spec["containers"] for mount in container.get("volumeMounts", [])}
    faults += [f"volume {volume['name']} is not mounted" for volume in spec["volumes"] if volume["name"] not in mounted]
    sources = {volume["name"]: volume for volume in spec["volumes"]}
    for name, volume in sources.items():
        wanted = {KNATIVE_VOLUME_FEATURES[kind] for kind in volume if kind in KNATIVE_VOLUME_FEATURES}
        faults += [f"volume {name} without {feature}" for feature in wanted if features.get(feature) != "enabled"]
        if "persistentVolumeClaim" in volume and not volume["persistentVolumeClaim"].get("readOnly"):
            faults.append(f"volume {name} may be written")
    for container in spec["containers"]:
        faults += [f"container field {name}" for name in sorted(set(container) & KNATIVE_FORBIDDEN_CONTAINER_FIELDS)]
        faults += [
            f"reserved variable {entry['name']}"
            for entry in container.get("env", [])
            if entry["name"] in KNATIVE_FORBIDDEN_ENV or "valueFrom" in entry
        ]
        faults += [
            f"mount {mount['name']} must be read-only"
            for mount in container.get("volumeMounts", [])
            if "emptyDir" not in sources[mount["name"]] and not mount.get("readOnly")
        ]
    return faults
