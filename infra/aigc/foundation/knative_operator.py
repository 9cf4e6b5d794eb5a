"""Knative Serving by its operator, on clusters that are not built here: one Helm Release and one KnativeServing object.

The Release is opaque until the cluster runs it; what counts for reviewers is the KnativeServing object: version,
ingress and the same configuration that the manifest gets.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from aigc.catalog.labels import KNATIVE_NAMESPACE
from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.knative_config import KOURIER_INGRESS_CLASS, knative_config
from aigc.foundation.release import release
from aigc.plan.stack_plan import ComponentPlan, StackPlan
from aigc.tokens import Component

COMPONENT = "knative-operator"
_TO_THE_INTERNET = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internet-facing"}
"""Under Auto Mode a Service gets an NLB, which faces the VPC unless told so (EKS user guide, auto-configure-nlb)."""
_BUDGETS = ("activator-pdb", "webhook-pdb", "3scale-kourier-gateway-pdb")
"""What the operator makes of Knative's manifest and of Kourier's (knative/operator@b4f2c254, kodata/ingress/1.23); each
wants 80% of its pods, and of one or two that is all of them."""


def replicas_of_each_part(plan: StackPlan) -> int:
    """Two where two nodes are always there for the platform, so that one may go."""
    return 2 if sum(pool.min_nodes for pool in plan.pools if not pool.taints) > 1 else 1


def knative_serving_body(plan: StackPlan, version: str) -> Body:
    """The object that tells the operator which Knative to run, and how; `config` drops the prefix `config-`."""
    config = knative_config(plan, KOURIER_INGRESS_CLASS)
    replicas = replicas_of_each_part(plan)
    return {
        "apiVersion": "operator.knative.dev/v1beta1",
        "kind": "KnativeServing",
        "metadata": {"name": COMPONENT.replace("operator", "serving"), "namespace": KNATIVE_NAMESPACE},
        "spec": {
            "version": version,
            "ingress": {"kourier": {"enabled": True}},
            **({"services": [{"name": "kourier", "annotations": _TO_THE_INTERNET}]} if plan.cluster.auto_mode else {}),
            "high-availability": {"replicas": replicas},
            # A budget that lets no pod go holds up every node that is to: EKS then ends upgrades (PodEvictionFailure).
            "podDisruptionBudgets": [{"name": name, "minAvailable": replicas - 1} for name in _BUDGETS],
            "config": {name.removeprefix("config-"): dict(values) for name, values in config.items() if values},
        },
    }


class KnativeByOperator(Component):
    """Knative Serving with Kourier."""

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
        operator = release(self, component, cluster, {}, after)
        serving = add_objects(cluster, self, [knative_serving_body(plan, component.version)], (operator,))
        self.ready: tuple[pulumi.Resource, ...] = (operator, *serving)
        """What a Knative Service must come after: the object is Ready once the operator's Knative is."""
        self.done({"version": component.version, "namespace": KNATIVE_NAMESPACE})
