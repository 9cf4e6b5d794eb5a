"""What of an EKS stack keeps things: repositories of images, and the disk of Prometheus."""

from __future__ import annotations

import json

import pytest

from aigc.clouds.aws.repositories import lifecycle
from aigc.foundation.storage import storage_class_bodies
from aigc.observability.prometheus import chart_values
from aigc.plan.registry_plan import RegistryPlan
from aigc.plan.stack_plan import MonitoringPlan, StackPlan
from scripts.engine.graph import Graph
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, gcp_plan
from tests.pure.program.test_aws import of_type
from tests.pure.program.test_graph import ancestors, custom, one

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com"


def plan_with_registry() -> StackPlan:
    """A stack that makes its registry, and whose Prometheus has a disk."""
    plan = aws_plan()
    (gpt,) = plan.endpoints
    source = gpt.source.model_copy(update={"image": f"{ECR}/aigc/triton-gpt:0123"})
    kept = MonitoringPlan(retention_hours=240, storage_class="aigc-gp3", storage_gib=50)
    registry = RegistryPlan(address=f"{ECR}/aigc", makes=("aigc/envoy", "aigc/triton-gpt"))
    update = {
        "endpoints": (gpt.model_copy(update={"source": source}),),
        "images": plan.images | {"envoy": f"{ECR}/aigc/envoy:1.40.0"},
        "registry": registry,
        "monitoring": kept,
    }
    return plan.model_copy(update=update)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(lambda: build(plan_with_registry()), "aws-test")


def test_repositories_keep_what_a_tag_names_and_look_at_what_is_pushed(graph: Graph) -> None:
    repositories = of_type(graph, "Repository")
    assert set(repositories) == {"aigc/envoy", "aigc/triton-gpt"}
    for repository in repositories.values():
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        assert repository.inputs["forceDelete"] is False, "this stack is protected"
        assert repository.urn in ancestors(graph, one(graph, "Service", "gpt"))
    for cluster in of_type(graph, "Cluster").values():
        before = ancestors(graph, repositories["aigc/envoy"])
        assert cluster.urn not in before, "images are pushed while the cluster is being made"
    assert set(of_type(graph, "LifecyclePolicy")) == set(repositories)


def test_the_newest_rule_counts_every_image_and_comes_last() -> None:
    untagged, every = json.loads(lifecycle())["rules"]
    assert untagged["selection"] == {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14,
    }  # fmt: skip
    assert every["selection"]["tagStatus"] == "any" and every["rulePriority"] > untagged["rulePriority"]


def test_an_unprotected_stack_takes_its_images_with_it() -> None:
    plan = plan_with_registry()
    plan = plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"deletion_protection": False})})
    made = of_type(graph_of(lambda: build(plan), "aws-test"), "Repository").values()
    assert made and all(repository.inputs["forceDelete"] is True for repository in made)


def test_the_driver_has_its_right_before_its_pods_and_the_class_before_its_claims(graph: Graph) -> None:
    driver = of_type(graph, "Addon")["aws-ebs-csi-driver"]
    association = of_type(graph, "PodIdentityAssociation")["volumes"]
    where = (association.inputs["namespace"], association.inputs["serviceAccount"])
    assert where == ("kube-system", "ebs-csi-controller-sa")
    before = ancestors(graph, driver)
    assert association.urn in before
    assert {group.urn for group in of_type(graph, "NodeGroup").values()} <= before
    attached = of_type(graph, "RolePolicyAttachment")["volumes-AmazonEBSCSIDriverPolicy"]
    assert attached.inputs["policyArn"] == "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
    assert attached.urn in before
    (claimant,) = [item for item in custom(graph) if item.name == "kube-prometheus-stack"]
    kind = one(graph, "StorageClass", "aigc-gp3")
    assert {kind.urn, driver.urn} <= ancestors(graph, claimant)
    claim = claimant.inputs["values"]["prometheus"]["prometheusSpec"]["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim["storageClassName"] == kind.inputs["metadata"]["name"]
    assert claim["resources"] == {"requests": {"storage": "50Gi"}}


def test_a_disk_lives_as_long_as_its_stack_is_protected() -> None:
    plan = plan_with_registry()
    assert plan.monitoring is not None
    spec = chart_values(plan, plan.monitoring, {})["prometheus"]["prometheusSpec"]
    assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    assert spec["retentionSize"] == "40GiB"
    loose = plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"deletion_protection": False})})
    spec = chart_values(loose, plan.monitoring, {})["prometheus"]["prometheusSpec"]
    assert spec["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Delete"


def test_without_a_disk_there_is_neither_driver_nor_class() -> None:
    plan = aws_plan()
    assert plan.monitoring is not None and storage_class_bodies(plan) == storage_class_bodies(gcp_plan()) == []
    assert "storageSpec" not in chart_values(plan, plan.monitoring, {})["prometheus"]["prometheusSpec"]
    assert "aws-ebs-csi-driver" not in of_type(graph_of(lambda: build(plan), "aws-test"), "Addon")
