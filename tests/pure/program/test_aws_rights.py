"""Who may do what on EKS: on AWS by roles, inside the cluster by network policies."""

from __future__ import annotations

import json

import pytest
from botocore.session import get_session

from aigc.clouds.aws.pod_rights import pod_rights
from aigc.clouds.aws.policies import autoscaler_policy, trust
from aigc.clouds.aws.subnets import control_plane_range
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import ServingMode
from tests.flows.evaluator import Peer, allowed, denied
from tests.pure.program.plans import aws_plan, gcp_plan

POLICIES = network_policies(aws_plan(), control_plane_range("10.32.0.0/16"))
GPT = Peer("models", {"app": "gpt"}, "10.32.1.9")
AUTOSCALER = Peer("cluster-autoscaler", {"app": "x"}, "10.32.1.8")


def test_the_autoscaler_may_resize_groups_of_its_cluster_alone() -> None:
    statements = json.loads(autoscaler_policy("aigc-x"))["Statement"]
    changing = [one for one in statements if any(":Describe" not in a and ":Get" not in a for a in one["Action"])]
    assert changing
    for statement in changing:
        assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/aigc-x": "owned"}}
    assert not any("*" in action for statement in statements for action in statement["Action"])


def test_every_right_is_an_operation_that_aws_has() -> None:
    """IAM takes a misspelt action without a word, and the autoscaler is refused later."""
    actions = [
        action for statement in json.loads(autoscaler_policy("x"))["Statement"] for action in statement["Action"]
    ]
    services = {action.partition(":")[0] for action in actions}
    known = {service: set(get_session().get_service_model(service).operation_names) for service in services}
    assert [action for action in actions if action.partition(":")[2] not in known[action.partition(":")[0]]] == []


def test_only_pods_are_trusted_with_session_tags() -> None:
    for service, actions in (("ec2.amazonaws.com", 1), ("pods.eks.amazonaws.com", 2)):
        (statement,) = json.loads(trust(service))["Statement"]
        assert statement["Principal"] == {"Service": service} and len(statement["Action"]) == actions


def test_knatives_controller_asks_ecr_for_digests_with_rights_of_its_own() -> None:
    """Without them a revision fails with 401 before it has a pod (knative/serving issues 9477 and 15877)."""
    plan = aws_plan()
    (gpt,) = plan.endpoints
    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/aigc/triton-gpt:0123"
    source = gpt.source.model_copy(update={"image": image})
    here = plan.model_copy(update={"endpoints": (gpt.model_copy(update={"source": source}),)})
    (right,) = [one for one in pod_rights(here) if one.name == "knative"]
    assert (right.namespace, right.service_account) == ("knative-serving", "controller")
    assert right.managed == ("AmazonEC2ContainerRegistryPullOnly",) and right.policy is None
    assert [one.name for one in pod_rights(plan)] == ["autoscaler"], "another registry is not asked with AWS' rights"
    steady = gpt.model_copy(update={"source": source, "mode": ServingMode.STEADY})
    assert len(pod_rights(plan.model_copy(update={"endpoints": (steady,)}))) == 1, "the kubelet pulls by tag"


def test_a_pod_of_another_namespace_does_not_pass_as_a_node() -> None:
    stranger = Peer("default", {"app": "stranger"}, "10.32.2.7")
    assert denied(POLICIES, stranger, GPT, 8000)


@pytest.mark.parametrize(("address", "port"), [("52.1.2.3", 443), ("169.254.170.23", 80), ("10.48.0.1", 443)])
def test_the_autoscaler_reaches_aws_its_credentials_and_the_api(address: str, port: int) -> None:
    assert allowed(POLICIES, AUTOSCALER, Peer(address=address), port)


def test_the_api_server_alone_asks_webhooks_and_is_found_by_both_its_addresses() -> None:
    webhook = Peer("knative-serving", {"app": "webhook"}, "10.32.1.7")
    control_plane = Peer(address="10.32.224.20")
    assert allowed(POLICIES, control_plane, webhook, 8443)
    assert denied(POLICIES, Peer(address="10.32.1.200"), webhook, 8443)
    # Of the Service, as the CNI sees it, and of the network interface behind it.
    for address in ("10.48.0.1", "10.32.224.20"):
        assert allowed(POLICIES, webhook, Peer(address=address), 443)
    assert denied(POLICIES, webhook, Peer(address="52.1.2.3"), 443), "only who has business with AWS"


@pytest.mark.parametrize("address", ["169.254.169.254", "52.1.2.3"])
def test_nobody_asks_for_the_nodes_credentials(address: str) -> None:
    assert denied(POLICIES, AUTOSCALER, Peer(address=address), 80)
    assert denied(POLICIES, GPT, Peer(address="169.254.170.23"), 80)


def test_only_who_has_rights_on_aws_gets_to_the_agent_that_gives_them() -> None:
    agent = Peer(address="169.254.170.23")
    assert allowed(POLICIES, Peer("knative-serving", {"app": "controller"}, "10.32.1.7"), agent, 80)
    assert denied(POLICIES, Peer("knative-serving", {"app": "activator"}, "10.32.1.7"), agent, 80)
    elsewhere = network_policies(gcp_plan(), None)
    assert denied(elsewhere, Peer("knative-serving", {"app": "controller"}, "10.32.1.7"), agent, 80)
