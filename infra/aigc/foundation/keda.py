"""KEDA: from its manifest on clusters of ours, as a Helm Release elsewhere.

It is the metrics API through which Kubernetes' own HorizontalPodAutoscaler reads what Triton says of its queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.manifest import manifest_bodies, with_containers, with_images
from aigc.foundation.release import release
from aigc.plan.stack_plan import ComponentPlan, ComponentSource, StackPlan
from aigc.tokens import Component

COMPONENT = "keda"
OPERATOR_LABELS = {"app": "keda-operator"}

_IMAGES = {
    "ghcr.io/kedacore/keda:latest": "keda-operator",
    "ghcr.io/kedacore/keda-metrics-apiserver:latest": "keda-metrics-apiserver",
}
_FIRST_PROBE_SECONDS = 2
"""The manifest waits 20 s before it first asks whether the operator is ready; it is after 2."""
_REQUESTS = {"cpu": "25m", "memory": "96Mi"}


def keda_bodies(component: ComponentPlan, images: Mapping[str, str]) -> list[Body]:
    """KEDA's objects as a stack wants them; pure but for reading the manifest."""
    references = {old: images[role] for old, role in _IMAGES.items()}
    bodies = manifest_bodies(component, lambda _kind, _name: True)
    return [with_containers(with_images(body, references), _container) for body in bodies]


def _container(container: Body) -> Body:
    resources = {**container["resources"], "requests": _REQUESTS}
    ready = {**container["readinessProbe"], "initialDelaySeconds": _FIRST_PROBE_SECONDS, "periodSeconds": 2}
    return {**container, "imagePullPolicy": "IfNotPresent", "resources": resources, "readinessProbe": ready}


def chart_values() -> Body:
    """Without the admission webhook, as the manifest; and without its monitors, whose definitions come later."""
    return {"webhooks": {"enabled": False}}


class Keda(Component):
    """KEDA's operator, its metrics API and its definitions."""

    LAYER = "foundation"

    def __init__(
        self,
        name: str,
        plan: StackPlan,
        component: ComponentPlan,
        cluster: ClusterHandle,
        after: Sequence[pulumi.Resource],
    ) -> None:
        super().__init__(name)
        self.ready: tuple[pulumi.Resource, ...]
        """What a ScaledObject must come after: its CRD, and the operator that turns it into an autoscaler."""
        if component.source is ComponentSource.RELEASE:
            self.ready = (release(self, component, cluster, chart_values(), after),)
        else:
            self.ready = self._from_manifest(keda_bodies(component, plan.images), cluster, after)
        self.done({"version": component.version, "namespace": component.namespace})

    def _from_manifest(
        self, bodies: Sequence[Body], cluster: ClusterHandle, after: Sequence[pulumi.Resource]
    ) -> tuple[pulumi.Resource, ...]:
        definitions = [body for body in bodies if body["kind"] == "CustomResourceDefinition"]
        # A Service is only there once a pod answers behind it, so it must not come before its Deployment.
        workloads = [body for body in bodies if body["kind"] in {"Deployment", "Service"}]
        settings = [body for body in bodies if body not in definitions and body not in workloads]
        first = (*add_objects(cluster, self, definitions, after), *add_objects(cluster, self, settings, after))
        return (*first, *add_objects(cluster, self, workloads, (*after, *first)))
