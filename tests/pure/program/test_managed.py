"""What SageMaker is asked for, read off the graph that the engine sees, and what it may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import get_session

from aigc.catalog.faults import UserError
from aigc.catalog.managed import clouds_with_managed_endpoints
from aigc.clouds.aws.sagemaker import triton_environment, versioned
from aigc.clouds.aws.sagemaker_policy import execution_policy, trust
from aigc.clouds.contract import ManagedEndpoints, ModelStoreHandle, NetworkHandle
from aigc.clouds.registry import adapter_for, registered_clouds
from aigc.plan.stack_plan import BatchingPlan, Cloud, ManagedEndpointPlan, SloPlan, StackPlan
from aigc.policy.judge import judge
from aigc.serving.managed_endpoint import build_managed_endpoints
from scripts.engine.graph import Graph
from scripts.preview.policy_view import stack_view
from tests.contracts.report import check_graph
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import aws_plan, gcp_plan
from tests.pure.program.test_aws import of_type
from tests.pure.program.test_graph import ancestors

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:25.09-py3"
SYSTEM_IMAGE = "al2023-ami-sagemaker-inference-gpu-4-1"


def managed_plan(**more: Any) -> ManagedEndpointPlan:
    facts: dict[str, Any] = {
        "name": "summary",
        "service": "SageMaker",
        "physical_name": "aigc-aws-test-summary",
        "models": ("summary", "summary_core", "words"),
        "machine_type": "ml.g6.xlarge",
        "accelerator": "accelerator",
        "min_instances": 1,
        "max_instances": 3,
        "requests_per_minute": 600.0,
        "idle_seconds": 300,
        "startup_seconds": 1800,
        "image": IMAGE,
        "system_image": SYSTEM_IMAGE,
        "uri": "s3://models/summary/0123456789ab/",
        "content_hash": "0123456789ab",
        "batching": BatchingPlan(max_batch_size=8, dynamic=True, max_queue_delay_us=2000, instances=1),
        "slo": SloPlan(p99_ms=2000, availability_percent=99.5),
        "quota": "ml.g6.xlarge for endpoint usage",
        "quota_instances": 6,
    }
    return ManagedEndpointPlan(**facts | more)


def with_managed(*endpoints: ManagedEndpointPlan) -> StackPlan:
    return aws_plan().model_copy(update={"managed_endpoints": endpoints})


FIXED = managed_plan(name="fixed", physical_name="aigc-aws-test-fixed", requests_per_minute=None, max_instances=1)
PLAN = with_managed(managed_plan(), FIXED)
OURS = "SageMakerEndpoint"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(lambda: build(PLAN), "aws-test")


def variant(graph: Graph, name: str) -> dict[str, Any]:
    (found,) = of_type(graph, "EndpointConfiguration")[name].inputs["productionVariants"]
    result: dict[str, Any] = found
    return result


def test_aws_would_take_every_argument(graph: Graph) -> None:
    report = check_graph(graph)
    # The machines of the plan's pools are made up.
    assert [fault for fault in report.faults if OURS in fault] == []
    kinds = {name.rpartition(":")[2] for name in report.types}
    assert {"Model", "EndpointConfiguration", "Endpoint", "Target", "Policy"} <= kinds


def test_the_rules_of_the_house_hold(graph: Graph) -> None:
    ours = {item.urn for item in graph.resources if OURS in item.urn}
    assert len(ours) > 10
    broken = [
        (verdict.rule.name, finding)
        for verdict in judge(stack_view(graph))
        for finding in verdict.findings
        if verdict.broken and finding.urn in ours
    ]
    assert broken == []


def test_a_model_is_alone_with_its_files(graph: Graph) -> None:
    model = of_type(graph, "Model")["summary"].inputs
    assert model["enableNetworkIsolation"] is True
    container = model["primaryContainer"]
    assert container["image"] == IMAGE
    assert container["modelDataSource"]["s3DataSources"] == [
        {"s3Uri": "s3://models/summary/0123456789ab/", "s3DataType": "S3Prefix", "compressionType": "None"}
    ]


def test_triton_loads_the_models_that_the_first_one_calls() -> None:
    environment = triton_environment(managed_plan())
    assert environment["SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"] == "summary"
    # The script of the image writes `--log-info=$SAGEMAKER_TRITON_LOG_INFO` without quotes.
    arguments = f"--log-info={environment['SAGEMAKER_TRITON_LOG_INFO']}".split()
    assert arguments == ["--log-info=true", "--load-model=summary_core", "--load-model=words"]
    assert triton_environment(managed_plan(models=("one",)))["SAGEMAKER_TRITON_LOG_INFO"] == "true"


def test_machines_are_those_of_the_plan(graph: Graph) -> None:
    one = variant(graph, "summary")
    assert (one["instanceType"], one["initialInstanceCount"]) == ("ml.g6.xlarge", 1)
    assert one["inferenceAmiVersion"] == SYSTEM_IMAGE
    assert one["modelDataDownloadTimeoutInSeconds"] == 1800
    assert one["containerStartupHealthCheckTimeoutInSeconds"] == 1800


def test_only_what_may_grow_is_scaled_and_after_it_is_there(graph: Graph) -> None:
    targets, policies = of_type(graph, "Target"), of_type(graph, "Policy")
    assert set(targets) == set(policies) == {"summary"}
    target, policy = targets["summary"], policies["summary"]
    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (1, 3)
    place = f"endpoint/aigc-aws-test-summary/variant/{variant(graph, 'summary')['variantName']}"
    assert target.inputs["resourceId"] == policy.inputs["resourceId"] == place
    tracking = policy.inputs["targetTrackingScalingPolicyConfiguration"]
    assert tracking["targetValue"] == 600 and tracking["scaleInCooldown"] == 300
    assert of_type(graph, "Endpoint")["summary"].urn in ancestors(graph, target)
    assert target.urn in ancestors(graph, policy)


def test_what_sagemaker_needs_outlives_the_endpoint(graph: Graph) -> None:
    before = ancestors(graph, of_type(graph, "Endpoint")["summary"])
    for kind, name in (("Model", "summary"), ("EndpointConfiguration", "summary"), ("LogGroup", "summary"),
                       ("Role", "managed-summary"), ("RolePolicy", "managed-summary")):  # fmt: skip
        assert of_type(graph, kind)[name].urn in before, "it goes after the endpoint"
    cluster = of_type(graph, "Cluster")["cluster"]
    assert cluster.urn not in before, "no endpoint waits for a cluster that it does not need"


def test_a_change_is_a_new_model_beside_the_old() -> None:
    now = versioned(managed_plan())
    changed = [managed_plan(uri="s3://models/summary/ba9876543210/"), managed_plan(machine_type="ml.g6.2xlarge")]
    assert len({now, *map(versioned, changed)}) == 3 and now == versioned(managed_plan())
    assert len(versioned(managed_plan(physical_name="x" * 63))) <= 63


def test_the_role_reads_one_folder_and_pulls_one_image() -> None:
    statements = json.loads(execution_policy(PLAN, managed_plan()))["Statement"]
    where = {action: one["Resource"] for one in statements for action in one["Action"]}
    assert where["s3:GetObject"] == "arn:aws:s3:::models/summary/0123456789ab/*"
    assert where["ecr:BatchGetImage"] == "arn:aws:ecr:us-east-1:763104351884:repository/sagemaker-tritonserver"
    assert all("/aws/sagemaker/Endpoints/aigc-aws-test-summary" in one for one in where["logs:PutLogEvents"])
    (listing,) = [one for one in statements if one["Action"] == ["s3:ListBucket"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "summary/0123456789ab/*"}}
    assert {action for action, place in where.items() if place == "*"} == {
        "ecr:GetAuthorizationToken", "cloudwatch:PutMetricData",
    }  # fmt: skip
    (only,) = json.loads(trust(PLAN))["Statement"]
    assert only["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert only["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_every_right_is_an_operation_that_aws_has() -> None:
    """IAM takes a misspelt action without a word; `s3:ListBucket` is the right to the operation ListObjectsV2."""
    statements = json.loads(execution_policy(PLAN, managed_plan()))["Statement"]
    for action in (action for one in statements for action in one["Action"]):
        service, _, name = action.partition(":")
        operations = get_session().get_service_model(service).operation_names
        assert {"ListBucket": "ListObjectsV2"}.get(name, name) in operations


def test_a_cloud_makes_managed_endpoints_or_says_why_not() -> None:
    offered = set(clouds_with_managed_endpoints())
    for name in registered_clouds():
        adapter = adapter_for(Cloud(name))
        assert isinstance(adapter, ManagedEndpoints) == (Cloud(name) in offered), name
        if Cloud(name) in (Cloud.GCP, Cloud.AZURE) and Cloud(name) not in offered:
            assert any(one.what == "managed endpoints" for one in adapter.inabilities), name


def test_a_plan_that_its_cloud_cannot_make_is_refused() -> None:
    plan = gcp_plan().model_copy(update={"managed_endpoints": (FIXED,)})
    with pytest.raises(UserError, match="no managed endpoints"):
        build_managed_endpoints(plan, NetworkHandle(), ModelStoreHandle())
    assert build_managed_endpoints(gcp_plan(), NetworkHandle(), ModelStoreHandle()) == {}
