"""Who may do what on GKE: on Google Cloud by roles on single things, inside the cluster by network policies."""

from __future__ import annotations

import pytest

from aigc.clouds.gcp.rights import Repository, pods_of, read_by_knative, read_by_nodes, repositories
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import ServingMode, StackPlan
from scripts.engine.graph import Graph, Resource
from tests.flows.evaluator import Peer, allowed, denied
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, gcp_plan
from tests.pure.program.test_graph import ancestors, custom, one

OURS = "us-central1-docker.pkg.dev/aigc-dev/aigc/"
READER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
CONTROLLER = Peer("knative-serving", {"app": "controller"}, "10.32.1.7")
METADATA = Peer(address="169.254.169.254")


def plan_of_ours(mode: ServingMode = ServingMode.KNATIVE) -> StackPlan:
    """The plan for tests, with the images where `images push` puts them."""
    plan = gcp_plan()
    (gpt,) = plan.endpoints
    source = gpt.source.model_copy(update={"image": f"{OURS}triton-gpt:0123"})
    endpoint = gpt.model_copy(update={"source": source, "mode": mode})
    return plan.model_copy(update={"endpoints": (endpoint,), "images": {"envoy": f"{OURS}envoy:1.0.0"}})


@pytest.fixture(scope="module")
def gcp() -> Graph:
    return graph_of(lambda: build(plan_of_ours()), "gcp-test")


def readers(graph: Graph) -> dict[str, Resource]:
    return {item.name: item for item in custom(graph) if item.type == READER}


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (f"{OURS}envoy:1.0.0", [Repository("us-central1", "aigc-dev", "aigc")]),
        ("europe-docker.pkg.dev/team-one/images/a/b:1@sha256:ab", [Repository("europe", "team-one", "images")]),
        ("nvcr.io/nvidia/tritonserver:26.07-py3", []),
        ("docker.pkg.dev/aigc-dev/aigc/envoy:1", []),
        ("evil.example/us-central1-docker.pkg.dev/aigc-dev/aigc/envoy:1", []),
    ],
)
def test_a_repository_is_read_off_an_image(image: str, found: list[Repository]) -> None:
    assert list(repositories((image, image))) == found


def test_nodes_and_knatives_controller_read_the_one_repository(gcp: Graph) -> None:
    """The nodes' role pulls nothing, and without a right of the controller's own a revision has no pod."""
    found = readers(gcp)
    assert set(found) == {"nodes-aigc", "knative-aigc"}
    for item in found.values():
        where = (item.inputs["location"], item.inputs["project"], item.inputs["repository"], item.inputs["role"])
        assert where == ("us-central1", "aigc-dev", "aigc", "roles/artifactregistry.reader")
    assert found["knative-aigc"].inputs["member"] == "serviceAccount:project.svc.id.goog[knative-serving/controller]"


def test_rights_are_there_before_who_needs_them(gcp: Graph) -> None:
    found, by_type = readers(gcp), {item.name: item for item in custom(gcp) if "nodePool:NodePool" in item.type}
    (cluster,) = [item for item in custom(gcp) if item.type == "gcp:container/cluster:Cluster"]
    for pool in by_type.values():
        assert found["nodes-aigc"].urn in ancestors(gcp, pool), "its pods would wait for an image for ever"
    assert cluster.urn in ancestors(gcp, found["knative-aigc"]), "the project's pool of identities comes with it"
    assert found["knative-aigc"].urn in ancestors(gcp, one(gcp, "Service", "gpt"))


def test_no_node_is_more_than_a_node(gcp: Graph) -> None:
    roles = {item.inputs["role"] for item in custom(gcp) if item.type == "gcp:projects/iAMMember:IAMMember"}
    assert roles == {"roles/container.defaultNodeServiceAccount"}
    (cluster,) = [item for item in custom(gcp) if item.type == "gcp:container/cluster:Cluster"]
    (first,) = cluster.inputs["nodePools"]
    assert first["name"] == "default-pool", "the provider removes that name alone"
    assert first["nodeConfig"]["serviceAccount"] and cluster.ignore_changes == ["nodePools"]
    for pool in (item for item in custom(gcp) if item.type == "gcp:container/nodePool:NodePool"):
        assert pool.inputs["networkConfig"] == {"enablePrivateNodes": True}


def test_the_control_plane_has_no_range_from_which_it_would_ask_webhooks(gcp: Graph) -> None:
    (cluster,) = [item for item in custom(gcp) if item.type == "gcp:container/cluster:Cluster"]
    assert cluster.inputs["privateClusterConfig"] == {"enablePrivateNodes": True}, "with one, see docs/decisions/0011"
    major, minor = map(int, cluster.inputs["minMasterVersion"].split("."))
    assert (major, minor) >= (1, 29), "before, it came by a peering, and the network's firewall closed 8443 to it"


def test_another_registry_and_a_steady_endpoint_need_no_right_of_knatives() -> None:
    assert read_by_nodes(gcp_plan()) == read_by_knative(gcp_plan()) == ()
    steady = plan_of_ours(ServingMode.STEADY)
    assert len(read_by_nodes(steady)) == 1 and read_by_knative(steady) == (), "the kubelet pulls by tag"
    assert pods_of("p", "n", "s") == "serviceAccount:p.svc.id.goog[n/s]"


@pytest.mark.parametrize("port", [80, 8080])
def test_the_controller_alone_gets_to_the_agent_that_gives_credentials(port: int) -> None:
    policies = network_policies(gcp_plan(), None)
    assert allowed(policies, CONTROLLER, METADATA, port)
    assert allowed(policies, CONTROLLER, Peer(address="142.250.1.82"), 443)
    for other in (Peer("knative-serving", {"app": "activator"}, "10.32.1.7"), Peer("models", {"a": "b"}, "10.32.1.9")):
        assert denied(policies, other, METADATA, port)
    assert denied(network_policies(aws_plan(), None), CONTROLLER, METADATA, port)
