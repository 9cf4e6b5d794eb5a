"""Inputs of managed endpoints as programs of this kind write them, in the providers' spelling."""

from __future__ import annotations

from typing import Any

from scripts.engine.wire import UNKNOWN

_PLACE = {
    "serviceNamespace": "sagemaker", "scalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "resourceId": "endpoint/aigc-aws-dev-gpt/variant/main",
}  # fmt: skip
_TAGS = {"aigc-stack": "aws-dev"}

AWS_SAGEMAKER: dict[str, dict[str, Any]] = {
    "aws:sagemaker/model:Model": {
        "name": "aigc-aws-dev-gpt-0123abcd", "executionRoleArn": UNKNOWN, "enableNetworkIsolation": True, "tags": _TAGS,
        "primaryContainer": {
            "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:25.09-py3",
            "mode": "SingleModel",
            "modelDataSource": {"s3DataSources": [{"s3Uri": "s3://models/gpt/0123456789ab/", "s3DataType": "S3Prefix",
                                                   "compressionType": "None"}]},
        },
        "vpcConfig": {"subnets": [UNKNOWN], "securityGroupIds": [UNKNOWN]},
    },
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {
        "name": "aigc-aws-dev-gpt-0123abcd", "kmsKeyArn": UNKNOWN, "tags": _TAGS,
        "productionVariants": [{
            "variantName": "main", "modelName": UNKNOWN, "instanceType": "ml.g6.xlarge", "initialInstanceCount": 1,
            "inferenceAmiVersion": "al2023-ami-sagemaker-inference-gpu-4-1", "volumeSizeInGb": 64,
            "modelDataDownloadTimeoutInSeconds": 1800, "containerStartupHealthCheckTimeoutInSeconds": 1800,
            "managedInstanceScaling": {"status": "ENABLED", "minInstanceCount": 1, "maxInstanceCount": 2},
        }],
    },
    "aws:sagemaker/endpoint:Endpoint": {
        "name": "aigc-aws-dev-gpt", "endpointConfigName": UNKNOWN, "tags": _TAGS,
    },
    "aws:appautoscaling/target:Target": {**_PLACE, "minCapacity": 1, "maxCapacity": 4, "tags": _TAGS},
    "aws:appautoscaling/policy:Policy": {
        **_PLACE, "name": "aigc-aws-dev-gpt", "policyType": "TargetTrackingScaling",
        "targetTrackingScalingPolicyConfiguration": {
            "targetValue": 600.0, "scaleInCooldown": 300, "scaleOutCooldown": 300, "disableScaleIn": False,
            "predefinedMetricSpecification": {"predefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        },
    },
}  # fmt: skip
