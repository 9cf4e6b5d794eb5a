"""Programs that are pods elsewhere and processes here, each with a network of its own: they want the same ports."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local.cluster import layout as at
from tests.fleets.control_plane import ControlPlane

_FIRST_ADDRESS = 10
_FIELDS = {"metadata.name": "name", "metadata.namespace": "namespace", "status.podIP": "address"}


@dataclass(frozen=True)
class Neighbour:
    """The process in the place of a Deployment's pod."""

    name: str
    namespace: str
    address: str


class Neighbours:
    """Makes them one after the other on the bridge of the fleet."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._made = 0
        # `ip netns` keeps its names below /run, which the mount namespace shares with the host.
        _run("mount", "-t", "tmpfs", "fleet", "/run")

    def start(
        self,
        deployment: dict[str, Any],
        binary: Path,
        volumes: Mapping[str, Path] | None = None,
        more_arguments: Iterable[str] = (),
        more_environment: Mapping[str, str] | None = None,
    ) -> Neighbour:
        """Run the first container of a Deployment: its arguments and environment, and the administrator's rights.

        Args:
            deployment: of a manifest.
            binary: what its image would have.
            volumes: where its arguments say a volume is mounted -> where that is here.
            more_arguments: that a process needs and a pod does not.
            more_environment: the same.
        """
        metadata, pod = deployment["metadata"], deployment["spec"]["template"]["spec"]
        made = self._network(metadata["name"], metadata["namespace"])
        container = pod["containers"][0]
        environment = {one["name"]: _value(one, made) for one in container.get("env") or []}
        environment |= {"KUBECONFIG": str(self._plane.layout.kubeconfig), **(more_environment or {})}
        arguments = [_here(one, volumes or {}) for one in container.get("args") or []]
        command = ["nsenter", f"--net=/run/netns/{made.name}", str(binary), *arguments, *more_arguments]
        self._plane.run(made.name, command, environment=environment)
        return made

    def _network(self, name: str, namespace: str) -> Neighbour:
        address = f"{at.NODE_IP.rpartition('.')[0]}.{_FIRST_ADDRESS + self._made}"
        inside, outside = "eth0", f"fleet{self._made}"
        self._made += 1
        _run("ip", "netns", "add", name)
        _run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name)
        _run("ip", "link", "set", outside, "master", at.BRIDGE, "up")
        for command in (
            ("link", "set", "lo", "up"),
            ("address", "add", f"{address}/16", "dev", inside),
            ("link", "set", inside, "up"),
        ):
            _run("ip", "-n", name, *command)
        return Neighbour(name, namespace, address)


def endpoints_of(service: dict[str, Any], neighbour: Neighbour) -> tuple[dict[str, Any], dict[str, Any]]:
    """The Service without its selector, and where its neighbour is: there is no pod that it could select."""
    metadata = service["metadata"]
    ports = [
        # A name of a container's port means nothing without a container; here both numbers are the same or 8443.
        {"name": port["name"], "port": _number(port), "protocol": "TCP"}
        for port in service["spec"]["ports"]
    ]
    where = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{metadata['name']}-fleet",
            "namespace": metadata["namespace"],
            "labels": {"kubernetes.io/service-name": metadata["name"]},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [neighbour.address], "conditions": {"ready": True}}],
        "ports": ports,
    }
    return without_selector(service), where


def without_selector(service: dict[str, Any]) -> dict[str, Any]:
    """The Service for which somebody else says where it leads."""
    return {**service, "spec": {key: value for key, value in service["spec"].items() if key != "selector"}}


def _number(port: dict[str, Any]) -> int:
    target = port.get("targetPort", port["port"])
    if not isinstance(target, int):
        raise AssertionError(f"port {port['name']} is named {target}: the fleet has no container to ask")
    return target


def _here(argument: str, volumes: Mapping[str, Path]) -> str:
    for mounted, folder in volumes.items():
        argument = argument.replace(f"={mounted}", f"={folder}")
    return argument


def _value(variable: dict[str, Any], neighbour: Neighbour) -> str:
    if "value" in variable:
        return str(variable["value"])
    return str(getattr(neighbour, _FIELDS[variable["valueFrom"]["fieldRef"]["fieldPath"]]))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.strip()}")
