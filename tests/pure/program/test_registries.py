"""Registries that stacks on Google Cloud and Azure make; those of ECR are in test_aws_storage.py."""

from __future__ import annotations

import pulumi
import pytest

from aigc.cluster.cluster import build_cluster, build_network
from aigc.foundation.knative_config import KOURIER_INGRESS_CLASS, knative_config
from aigc.plan.registry_plan import RegistryPlan
from aigc.plan.stack_plan import StackPlan
from scripts.engine.graph import Graph, Resource
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import azure_plan, gcp_plan
from tests.pure.program.test_gcp_rights import plan_of_ours
from tests.pure.program.test_graph import ancestors, custom, one

ON_GCP = RegistryPlan(address="region-docker.pkg.dev/project/aigc", makes=("aigc",))
ON_AZURE = RegistryPlan(address="aigcdev.azurecr.io/aigc", makes=("aigcdev",))


def making(plan: StackPlan, registry: RegistryPlan, *, protected: bool) -> StackPlan:
    cluster = plan.cluster.model_copy(update={"deletion_protection": protected})
    azure = plan.azure.model_copy(update={"registry_id": None}) if plan.azure else None
    return plan.model_copy(update={"registry": registry, "cluster": cluster, "azure": azure})


def made(graph: Graph, kind: str) -> list[Resource]:
    return [item for item in custom(graph) if item.type.endswith(f":{kind}")]


@pytest.fixture(scope="module")
def gcp() -> Graph:
    return graph_of(lambda: build(making(plan_of_ours(), ON_GCP, protected=True)), "gcp-test")


@pytest.fixture(scope="module")
def azure() -> Graph:
    return graph_of(lambda: build(making(azure_plan(), ON_AZURE, protected=True)), "azure-test")


def test_artifact_registry_keeps_what_a_tag_names_and_not_what_has_none(gcp: Graph) -> None:
    (repository,) = made(gcp, "Repository")
    inputs = repository.inputs
    assert (inputs["repositoryId"], inputs["location"], inputs["project"]) == ("aigc", "region", "project")
    assert inputs["format"] == "DOCKER" and inputs["dockerConfig"] == {"immutableTags": True}
    (policy,) = inputs["cleanupPolicies"]
    assert policy["action"] == "DELETE"
    assert policy["condition"] == {"tagState": "UNTAGGED", "olderThan": "1209600s"}, "14 days"


def test_nodes_may_pull_once_there_is_a_repository_and_it_waits_for_no_cluster(gcp: Graph) -> None:
    (repository,), (cluster,) = made(gcp, "Repository"), made(gcp, "Cluster")
    assert cluster.urn not in ancestors(gcp, repository), "images are pushed while the cluster is being made"
    members = made(gcp, "RepositoryIamMember")
    assert {item.name for item in members} == {"nodes-aigc", "knative-aigc"}
    assert all(repository.urn in ancestors(gcp, item) for item in members)
    assert repository.urn in ancestors(gcp, one(gcp, "Service", "gpt"))
    (api,) = [item for item in made(gcp, "Service") if item.name == "artifactregistry" and "gcp:" in item.type]
    assert api.urn in ancestors(gcp, repository) and api.inputs["disableOnDestroy"] is False


def test_a_registry_of_azure_has_no_password_and_its_nodes_pull_from_it(azure: Graph) -> None:
    (registry,), (cluster,) = made(azure, "Registry"), made(azure, "ManagedCluster")
    inputs = registry.inputs
    assert (inputs["registryName"], inputs["location"]) == ("aigcdev", "eastus")
    assert inputs["adminUserEnabled"] is False and inputs["anonymousPullEnabled"] is False
    assert inputs["sku"] == {"name": "Standard"} and inputs["tags"]["aigc-stack"] == "azure-test"
    (group,) = made(azure, "ResourceGroup")
    assert registry.property_dependencies["resourceGroupName"] == [group.urn]
    assert cluster.urn not in ancestors(azure, registry), "images are pushed while the cluster is being made"
    (pull,) = [item for item in made(azure, "RoleAssignment") if item.name == "nodes-pull"]
    assert pull.property_dependencies["scope"] == [registry.urn]
    assert pull.urn in ancestors(azure, cluster)


def test_images_of_a_registry_that_azure_makes_run_by_their_tag() -> None:
    plan = making(azure_plan(), ON_AZURE, protected=False)
    skipped = knative_config(plan, KOURIER_INGRESS_CLASS)["config-deployment"]["registries-skipping-tag-resolving"]
    assert "aigcdev.azurecr.io" in skipped.split(","), "Knative's controller has no right to read it"


def test_a_protected_stack_keeps_its_images(gcp: Graph, azure: Graph) -> None:
    assert made(gcp, "Repository")[0].inputs["deletionPolicy"] == "PREVENT"
    assert made(azure, "Registry")[0].protect
    loose = graph_of(lambda: build(making(plan_of_ours(), ON_GCP, protected=False)), "gcp-test")
    assert made(loose, "Repository")[0].inputs["deletionPolicy"] == "DELETE"
    loose = graph_of(lambda: build(making(azure_plan(), ON_AZURE, protected=False)), "azure-test")
    assert not made(loose, "Registry")[0].protect


def test_somebodys_registry_is_not_made() -> None:
    assert not made(graph_of(lambda: build(gcp_plan()), "gcp-test"), "Repository")
    assert not made(graph_of(lambda: build(azure_plan()), "azure-test"), "Registry")


@pytest.mark.parametrize(
    ("plan", "registry"),
    [(plan_of_ours(), ON_GCP), (azure_plan(), ON_AZURE), (gcp_plan(), None)],
    ids=["gcp", "azure", "none"],
)
def test_a_stack_says_where_images_go(plan: StackPlan, registry: RegistryPlan | None) -> None:
    asked = plan.model_copy(update={"registry": registry})

    def program() -> None:
        pulumi.export("cluster", dict(build_cluster(asked, build_network(asked)).outputs))

    outputs = graph_of(program, asked.stack).outputs["cluster"]
    assert outputs.get("registry") == (registry.address if registry else None)
