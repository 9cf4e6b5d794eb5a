"""The Prometheus operator from its manifest, in a namespace of ours and with images of ours.

Only the CRDs that its Prometheus and Alertmanager controllers read are applied; the operator looks which ones there
are and leaves the controllers of the others off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi

from aigc.catalog.faults import fail
from aigc.catalog.labels import MONITORING_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.manifest import in_namespace, manifest_bodies, with_containers
from aigc.plan.stack_plan import ComponentPlan, StackPlan
from aigc.tokens import Component

COMPONENT = "prometheus-operator"

_DEFINITIONS = frozenset(
    f"{plural}.monitoring.coreos.com"
    for plural in (
        "prometheuses",
        "podmonitors",
        "servicemonitors",
        "probes",
        "prometheusrules",
        "scrapeconfigs",
        "alertmanagers",
        # Never made by us, but the Alertmanager controller waits for its list before it does anything.
        "alertmanagerconfigs",
    )
)
_MANIFEST_NAMESPACE = "default"
_RELOADER_FLAG = "--prometheus-config-reloader"
_KUBELET_FLAGS = ("--kubelet-service", "--kubelet-endpoints", "--kubelet-endpointslice")


def version_of(image: str) -> str:
    """What the operator must believe a server to be: it writes flags and configuration for that version.

    The tag is the catalog's, for instance `2.42`; the operator parses three numbers.
    """
    numbers = image.rsplit(":", 1)[1].split("@", maxsplit=1)[0].split(".")
    return "v" + ".".join([*numbers, "0", "0"][:3])


def operator_bodies(component: ComponentPlan, images: Mapping[str, str]) -> list[Body]:
    """The operator's objects as a stack wants them."""
    bodies = manifest_bodies(component, lambda kind, name: kind != "CustomResourceDefinition" or name in _DEFINITIONS)
    if not any(body["kind"] == "Deployment" for body in bodies):
        where = f"component {component.name} {component.version}"
        raise fail(where, "its manifest holds no Deployment", "Extract the operator's bundle, not its CRDs alone")
    return [_with_images(in_namespace(body, _MANIFEST_NAMESPACE, MONITORING_NAMESPACE), images) for body in bodies]


def _with_images(body: Body, images: Mapping[str, str]) -> Body:
    return with_containers(body, lambda container: _container(container, images))


def _container(container: Body, images: Mapping[str, str]) -> Body:
    # Without the kubelet flags the operator would keep a Service and Endpoints in kube-system, which is not ours.
    kept = [arg for arg in container["args"] if arg.split("=")[0] not in (_RELOADER_FLAG, *_KUBELET_FLAGS)]
    return {
        **container,
        "image": images["prometheus-operator"],
        "imagePullPolicy": "IfNotPresent",
        "args": [*kept, "--kubelet-endpoints=false", f"{_RELOADER_FLAG}={images['prometheus-config-reloader']}"],
    }


class PrometheusOperator(Component):
    """The operator and its CRDs."""

    LAYER = "observability"

    def __init__(
        self,
        parent: Component,
        plan: StackPlan,
        component: ComponentPlan,
        cluster: ClusterHandle,
        after: Sequence[pulumi.Resource],
    ) -> None:
        super().__init__("operator", pulumi.ResourceOptions(parent=parent))
        bodies = operator_bodies(component, plan.images)
        definitions = [body for body in bodies if body["kind"] == "CustomResourceDefinition"]
        made = add_objects(cluster, self, definitions, after)
        rest = add_objects(cluster, self, (body for body in bodies if body not in definitions), (*after, *made))
        self.ready: tuple[pulumi.Resource, ...] = (*made, *rest)
        """What a Prometheus or a monitor must come after: its CRD and the operator."""
        self.done({"version": component.version})
