"""What the resource types of the provider `aws` for managed endpoints are to AWS's APIs."""

from __future__ import annotations

from tests.contracts.aws_eks_rows import IN_THE_HOST, RANDOM_NAME, RENAMED, TAGS
from tests.contracts.rules import At, Row

MODEL = Row(
    "aws:sagemaker/model:Model",
    "sagemaker",
    "CreateModel",
    {
        "region": IN_THE_HOST,
        "name": At("ModelName", RENAMED),
        "primaryContainer.modelDataSource.s3DataSources": At(
            "S3DataSource", "the provider takes a list of one where the API has one", each=True
        ),
        "tags": TAGS,
    },
)

ENDPOINT_CONFIGURATION = Row(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "sagemaker",
    "CreateEndpointConfig",
    {
        "region": IN_THE_HOST,
        "name": At("EndpointConfigName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "kmsKeyArn": At("KmsKeyId", RENAMED),
        "productionVariants.volumeSizeInGb": At("VolumeSizeInGB", RENAMED),
        "tags": TAGS,
    },
)

ENDPOINT = Row(
    "aws:sagemaker/endpoint:Endpoint",
    "sagemaker",
    "CreateEndpoint",
    {"region": IN_THE_HOST, "name": At("EndpointName", RENAMED), "tags": TAGS},
)

SCALING_TARGET = Row(
    "aws:appautoscaling/target:Target",
    "application-autoscaling",
    "RegisterScalableTarget",
    {"region": IN_THE_HOST, "roleArn": At("RoleARN", RENAMED)},
)

SCALING_POLICY = Row(
    "aws:appautoscaling/policy:Policy",
    "application-autoscaling",
    "PutScalingPolicy",
    {"region": IN_THE_HOST, "name": At("PolicyName", RENAMED)},
)

AWS_SAGEMAKER_ROWS = (MODEL, ENDPOINT_CONFIGURATION, ENDPOINT, SCALING_TARGET, SCALING_POLICY)
