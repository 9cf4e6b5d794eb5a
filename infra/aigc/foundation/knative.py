"""Knative Serving: from its manifest on clusters of ours, by its operator elsewhere; one configuration for both.

The order matters. A custom resource needs its CRD and the webhook that judges it; Knative's pods stop at a missing
ConfigMap; and a ConfigMap that is applied after the webhook configuration is judged by a webhook that may not run yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from aigc.catalog.faults import fail
from aigc.catalog.labels import KNATIVE_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.knative_config import LOCAL_INGRESS_CLASS, knative_config
from aigc.foundation.manifest import (
    manifest_bodies,
    unresolved_images,
    with_data,
    with_images,
    with_own_webhook_rules,
    without_aggregated_rules,
)
from aigc.plan.stack_plan import ComponentPlan, StackPlan
from aigc.tokens import Component

COMPONENT = "knative-serving"

_LEFT_OUT = {
    ("Namespace", "knative-serving"): "made with its Pod Security labels beside the other namespaces",
    ("HorizontalPodAutoscaler", "activator"): "nothing serves resource metrics here; it would report an error for ever",
    ("HorizontalPodAutoscaler", "webhook"): "nothing serves resource metrics here; it would report an error for ever",
    ("PodDisruptionBudget", "activator-pdb"): "80% of one replica is one: it would only block draining the one node",
    ("PodDisruptionBudget", "webhook-pdb"): "80% of one replica is one: it would only block draining the one node",
    ("Certificate", "routing-serving-certs"): "system-internal TLS is off, and nothing here would ever sign it",
}
"""Objects of the manifest that are not applied, each with its reason."""

_IMAGE_PATHS = {
    "ko://knative.dev/serving/cmd/activator": "knative-activator",
    "ko://knative.dev/serving/cmd/autoscaler": "knative-autoscaler",
    "ko://knative.dev/serving/cmd/controller": "knative-controller",
    "ko://knative.dev/serving/cmd/webhook": "knative-webhook",
    "ko://knative.dev/serving/cmd/queue": "knative-queue",
}

_BUILT_IN_GROUPS = ("apps/", "rbac.authorization.k8s.io/", "autoscaling/", "policy/", "v1")


@dataclass(frozen=True)
class KnativeStages:
    """The manifest's objects in the order they may be applied."""

    definitions: list[Body]
    settings: list[Body]
    workloads: list[Body]
    webhooks: list[Body]
    custom: list[Body]


def knative_stages(plan: StackPlan, component: ComponentPlan) -> KnativeStages:
    """The objects of Knative as this plan wants them; pure but for reading the manifest."""
    patches = knative_config(plan, LOCAL_INGRESS_CLASS)
    images = {path: plan.images[role] for path, role in _IMAGE_PATHS.items() if role in plan.images}
    bodies = []
    for body in manifest_bodies(component, lambda kind, name: (kind, name) not in _LEFT_OUT):
        changed = with_images(with_own_webhook_rules(without_aggregated_rules(body)), images)
        bodies.append(with_data(changed, patches))
    _refuse_gaps(component, bodies, patches)
    return _staged(bodies)


def _refuse_gaps(component: ComponentPlan, bodies: Sequence[Body], patches: Mapping[str, object]) -> None:
    where = f"component {component.name} {component.version}"
    if missing := unresolved_images(bodies):
        raise fail(
            where, f"no image stands for {', '.join(missing)}", "Give the role in plan.images and in versions.yaml"
        )
    maps = {body["metadata"]["name"] for body in bodies if body["kind"] == "ConfigMap"}
    if absent := sorted(set(patches) - maps):
        raise fail(where, f"its manifest has no ConfigMap {', '.join(absent)}", "Correct foundation/knative_config.py")


def _staged(bodies: Sequence[Body]) -> KnativeStages:
    stages = KnativeStages([], [], [], [], [])
    for body in bodies:
        _stage_of(stages, body).append(body)
    return stages


def _stage_of(stages: KnativeStages, body: Body) -> list[Body]:
    kind = body["kind"]
    if kind == "CustomResourceDefinition":
        return stages.definitions
    if kind.endswith("WebhookConfiguration"):
        return stages.webhooks
    if not body["apiVersion"].startswith(_BUILT_IN_GROUPS):
        return stages.custom
    return stages.workloads if kind in {"Deployment", "Service"} else stages.settings


class KnativeServing(Component):
    """Knative Serving from its manifest, with its own webhooks on."""

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
        stages = knative_stages(plan, component)
        definitions = add_objects(cluster, self, stages.definitions, after)
        settings = add_objects(cluster, self, stages.settings, after)
        workloads = add_objects(cluster, self, stages.workloads, (*definitions, *settings))
        webhooks = add_objects(cluster, self, stages.webhooks, workloads)
        add_objects(cluster, self, stages.custom, (*definitions, *webhooks))
        self.ready: tuple[pulumi.Resource, ...] = (*definitions, *workloads, *webhooks)
        """What a Knative Service must come after: its CRD, and the Deployment and configuration of its webhook."""
        self.done({"version": component.version, "namespace": KNATIVE_NAMESPACE})
