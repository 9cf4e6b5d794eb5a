"""What SageMaker may do for one endpoint: read its files, pull its image, write its log; pure."""

from __future__ import annotations

from aigc.clouds.aws.policies import allow, document, read_folder
from aigc.clouds.aws.repositories import arn_of
from aigc.plan.stack_plan import ManagedEndpointPlan, StackPlan

SAGEMAKER = "sagemaker.amazonaws.com"
_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
_LOG = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


def log_group(endpoint: ManagedEndpointPlan) -> str:
    """Where SageMaker writes what an endpoint's containers say."""
    return f"/aws/sagemaker/Endpoints/{endpoint.physical_name}"


def execution_policy(plan: StackPlan, endpoint: ManagedEndpointPlan) -> str:
    """Rights of the role that SageMaker takes; the container itself has no network, and so cannot use them."""
    bucket, _, prefix = endpoint.uri.partition("://")[2].partition("/")
    log = f"arn:aws:logs:{plan.region}:{plan.account}:log-group:{log_group(endpoint)}"
    return document(
        [
            *read_folder(bucket, prefix),
            allow(_PULL, Resource=arn_of(endpoint.image)),
            allow(_LOG, Resource=[log, f"{log}:*"]),
            # Neither can be limited to a resource (Service Authorization Reference).
            allow(["ecr:GetAuthorizationToken"], Resource="*"),
            allow(
                ["cloudwatch:PutMetricData"],
                Resource="*",
                Condition={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
            ),
        ]
    )


def trust(plan: StackPlan) -> str:
    """That SageMaker may take the role, for this account alone."""
    ours = {"StringEquals": {"aws:SourceAccount": plan.account}}
    return document([allow(["sts:AssumeRole"], Principal={"Service": SAGEMAKER}, Condition=ours)])
