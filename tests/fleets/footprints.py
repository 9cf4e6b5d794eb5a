"""What the software that Releases bring requests of the nodes, where anything here declares it.

Three places do: the values that the stack gives a chart, the table of what runs on every node with a resource, and
the pinned manifests of Knative and KEDA, of the versions that the charts install. Nobody's requests are guessed: what a
chart says by itself is in no file here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aigc.catalog.labels import GPU_METRICS, NVIDIA_RESOURCE
from aigc.catalog.versions import component
from aigc.cluster.pod_security import NONROOT_UID, container_security_context, pod_security_context
from aigc.foundation.keda import COMPONENT as KEDA
from aigc.foundation.knative import COMPONENT as KNATIVE
from aigc.plan.components import DEVICE_PLUGINS
from tests.fleets.manifests import bodies_of

Body = dict[str, Any]

KNATIVE_OPERATOR_KIND = ("operator.knative.dev/v1beta1", "KnativeServing")
STAND_IN_LABEL = "aigc-fleet/stand-in"
NODE_AGENTS = {**{name: key for key, name in DEVICE_PLUGINS.items()}, GPU_METRICS: NVIDIA_RESOURCE}
"""Release -> the resource that has one of its pods on every node: what advertises it, and what measures it."""
_IMAGE = "dev.local/stand-in"
_PLACEMENT = ("affinity", "nodeSelector", "tolerations")


@dataclass(frozen=True)
class Footprint:
    """The pods of one workload, as large as they are declared."""

    name: str
    namespace: str
    requests: tuple[Mapping[str, str], ...]
    """Of each container."""
    pods: int = 1
    """0: one on every node that has `on_nodes_with`."""
    on_nodes_with: str | None = None
    placement: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    """What a PodDisruptionBudget finds its pods by."""

    def __str__(self) -> str:
        size = " + ".join(f"{one.get('cpu', 'no cpu')}, {one.get('memory', 'no memory')}" for one in self.requests)
        number = f"a pod on each node with {self.on_nodes_with}" if self.on_nodes_with else self.pods
        return f"{self.name}, {number}: {size}"

    def body(self) -> Body:
        """A workload whose pods request as much, and that Pod Security `restricted` lets in."""
        labels = {**self.labels, STAND_IN_LABEL: self.name}
        spec = {
            "automountServiceAccountToken": False,
            "securityContext": pod_security_context(NONROOT_UID),
            "containers": [
                {
                    "name": f"part-{index}",
                    "image": _IMAGE,
                    "resources": {"requests": dict(requests)},
                    "securityContext": container_security_context(NONROOT_UID),
                }
                for index, requests in enumerate(self.requests)
            ],
            **self.placement,
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet" if self.on_nodes_with else "Deployment",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": {
                **({} if self.on_nodes_with else {"replicas": self.pods}),
                "selector": {"matchLabels": {STAND_IN_LABEL: self.name}},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }


def footprints(body: Body) -> tuple[Footprint, ...]:
    """Of a rendered Release, or of the object that Knative's operator follows; empty where nothing declares any."""
    if (body.get("apiVersion"), body.get("kind")) == KNATIVE_OPERATOR_KIND:
        spec = body["spec"]
        same = spec["version"] == component(KNATIVE).version
        pods = (spec.get("high-availability") or {}).get("replicas")
        return tuple(_of_manifest(KNATIVE, body["metadata"]["namespace"], pods)) if same else ()
    chart = body.get("release")
    if chart is None:
        return ()
    if chart["name"] == KEDA:
        return tuple(_of_manifest(KEDA, chart["namespace"])) if chart["version"] == component(KEDA).version else ()
    return tuple(_of_values(chart["name"], chart["namespace"], chart["values"], {}, chart["values"]))


def budgets(body: Body) -> list[Body]:
    """PodDisruptionBudgets that Knative's operator makes beside its pods."""
    if (body.get("apiVersion"), body.get("kind")) != KNATIVE_OPERATOR_KIND or not footprints(body):
        return []
    own = {one["name"]: {"minAvailable": one["minAvailable"]} for one in body["spec"].get("podDisruptionBudgets") or []}
    return [
        {**one, "spec": {**one["spec"], **own.get(one["metadata"]["name"], {})}}
        for one in bodies_of(KNATIVE)
        if one["kind"] == "PodDisruptionBudget"
    ]


def _of_manifest(name: str, namespace: str, pods: int | None = None) -> Iterator[Footprint]:
    """Its Deployments, with so many pods each or as many as they say."""
    for body in bodies_of(name):
        if body["kind"] != "Deployment":
            continue
        template = body["spec"]["template"]
        yield Footprint(
            name=body["metadata"]["name"],
            namespace=namespace,
            requests=tuple(
                (one.get("resources") or {}).get("requests") or {} for one in template["spec"]["containers"]
            ),
            pods=pods or body["spec"].get("replicas", 1),
            placement={key: template["spec"][key] for key in _PLACEMENT if key in template["spec"]},
            labels=template["metadata"]["labels"],
        )


def _of_values(
    name: str, namespace: str, values: Mapping[str, Any], above: Mapping[str, Any], root: Mapping[str, Any]
) -> Iterator[Footprint]:
    """Every part of a chart's values that says what its pods request; how many and where may stand further up."""
    place = {**above, **{key: values[key] for key in _PLACEMENT if key in values}}
    requests = (values.get("resources") or {}).get("requests") or {}
    if "cpu" in requests or "memory" in requests:
        on_nodes_with = NODE_AGENTS.get(name)
        pods = 0 if on_nodes_with else root.get("replicas", 1)
        yield Footprint(name, namespace, (requests,), pods=pods, on_nodes_with=on_nodes_with, placement=place)
        return
    for value in values.values():
        if isinstance(value, dict):
            yield from _of_values(name, namespace, value, place, root)
