"""GKE's ComputeClasses: in which order it tries the pools of a chain when pods wait for a node."""

from __future__ import annotations

import pulumi

from aigc.clouds.contract import ClusterHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.plan.gke_pools import gke_pools
from aigc.plan.stack_plan import ComputeClassPlan, StackPlan
from aigc.tokens import Component


def compute_class_body(plan: StackPlan, one: ComputeClassPlan) -> Body:
    """Each pool is a rule of its own, for within a rule GKE keeps no order; what no rule gives is not replaced."""
    by_name = {pool.name: pool for pool in plan.pools}
    rules = [{"nodepools": [part.name for part in gke_pools(by_name[name])]} for name in one.pools]
    return {
        "apiVersion": "cloud.google.com/v1",
        "kind": "ComputeClass",
        "metadata": {"name": one.name},
        "spec": {
            "priorities": rules,
            # Pods wait for the pools of the plan: any other machine would have no accelerator and no price here.
            "whenUnsatisfiable": "DoNotScaleUp",
            "nodePoolAutoCreation": {"enabled": False},
            # Going back to an earlier pool would restart a pod that answers.
            "activeMigration": {"optimizeRulePriority": False},
        },
    }


class ComputeClasses(Component):
    """Every class of the plan; its kind is part of GKE."""

    LAYER = "foundation"

    def __init__(self, name: str, plan: StackPlan, cluster: ClusterHandle) -> None:
        super().__init__(name)
        bodies = [compute_class_body(plan, one) for one in plan.compute_classes]
        self.objects: tuple[pulumi.Resource, ...] = add_objects(cluster, self, bodies, cluster.ready)
        self.done({"names": [one.name for one in plan.compute_classes]})
