"""Models on SageMaker: a role, the model, how it runs, the endpoint, and what adds machines to it.

The image is AWS' own of Triton: SageMaker starts it as `serve`, asks `/ping` and posts to `/invocations` on port 8080,
which Triton answers itself (triton-inference-server/server, docker/sagemaker/serve and src/sagemaker_server.cc).
"""

from __future__ import annotations

import hashlib

import pulumi
from pulumi_aws.appautoscaling import (
    Policy,
    PolicyTargetTrackingScalingPolicyConfigurationArgs,
    PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs,
    Target,
)
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.iam import Role, RolePolicy
from pulumi_aws.sagemaker import (
    Endpoint,
    EndpointConfiguration,
    EndpointConfigurationProductionVariantArgs,
    Model,
    ModelPrimaryContainerArgs,
    ModelPrimaryContainerModelDataSourceArgs,
    ModelPrimaryContainerModelDataSourceS3DataSourceArgs,
)

from aigc.catalog.limits import SAGEMAKER_NAME_CHARS
from aigc.clouds.aws import policies
from aigc.clouds.aws.sagemaker_policy import execution_policy, log_group, trust
from aigc.clouds.contract import ModelStoreHandle, NetworkHandle
from aigc.plan.names import physical
from aigc.plan.stack_plan import ManagedEndpointPlan, StackPlan
from aigc.tokens import Component

VARIANT = "main"
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_SERVICE = "sagemaker"
_METRIC = "SageMakerVariantInvocationsPerInstance"
"""Requests a minute and machine."""
_SCALE_OUT_SECONDS = 300
"""Application Auto Scaling's own default: a machine takes minutes to come, and until then the metric asks for more."""
_LOG_DAYS = 30
_HASH_CHARS = 8


def triton_environment(endpoint: ManagedEndpointPlan) -> dict[str, str]:
    """What the image's start script makes Triton's arguments of.

    It loads one model by itself. Those that this one calls are loaded by what stands behind the value of `--log-info`:
    the script puts its variables on the command line as they are, and has none of its own for more models.
    """
    first, *others = endpoint.models
    more = "".join(f" --load-model={model}" for model in others)
    return {
        "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": first,
        # Without a word it logs every request.
        "SAGEMAKER_TRITON_LOG_VERBOSE": "false",
        "SAGEMAKER_TRITON_LOG_INFO": f"true{more}",
    }


def versioned(endpoint: ManagedEndpointPlan) -> str:
    """Name of a model and of how it runs: neither can change in place, so each change is a new one beside the old."""
    digest = hashlib.sha256(endpoint.model_dump_json().encode()).hexdigest()[:_HASH_CHARS]
    return f"{physical(endpoint.physical_name, SAGEMAKER_NAME_CHARS - _HASH_CHARS - 1)}-{digest}"


class SageMakerEndpoint(Component):
    """One managed endpoint of the plan."""

    LAYER = "clouds"

    def __init__(
        self, plan: StackPlan, endpoint: ManagedEndpointPlan, network: NetworkHandle, store: ModelStoreHandle
    ) -> None:
        super().__init__(endpoint.name)
        self._plan, self._endpoint, self._provider = plan, endpoint, network.provider
        self._files = store.files.get(endpoint.name, ())
        role, rights = self._role()
        # Made here, or SageMaker makes it and its entries are kept, and paid for, for ever.
        log = LogGroup(
            endpoint.name, name=log_group(endpoint), retention_in_days=_LOG_DAYS, opts=self.child(self._provider)
        )
        settings = self._settings(self._model(role, rights))
        made = Endpoint(
            endpoint.name,
            name=endpoint.physical_name,
            endpoint_config_name=settings.name,
            # The role's rights go last: SageMaker needs them for as long as the endpoint is there.
            opts=self.child(self._provider, (log, rights)),
        )
        if endpoint.requests_per_minute is not None:
            self._scaling(made, endpoint.requests_per_minute)
        self.name: pulumi.Output[str] = made.name
        self.done({"name": made.name, "content_hash": endpoint.content_hash})

    def _role(self) -> tuple[Role, RolePolicy]:
        plan, name = self._plan, f"managed-{self._endpoint.name}"
        role = Role(
            name,
            name=policies.role_name(plan.cluster.name, name),
            assume_role_policy=trust(plan),
            opts=self.child(self._provider),
        )
        policy = execution_policy(plan, self._endpoint)
        return role, RolePolicy(name, name=name, role=role.name, policy=policy, opts=self.child(self._provider))

    def _model(self, role: Role, rights: RolePolicy) -> Model:
        endpoint = self._endpoint
        return Model(
            endpoint.name,
            name=versioned(endpoint),
            execution_role_arn=role.arn,
            # No way in or out of the container but SageMaker's own requests; nothing in a model of ours asks for one.
            enable_network_isolation=True,
            primary_container=ModelPrimaryContainerArgs(
                image=endpoint.image,
                environment=triton_environment(endpoint),
                model_data_source=ModelPrimaryContainerModelDataSourceArgs(
                    s3_data_sources=[
                        ModelPrimaryContainerModelDataSourceS3DataSourceArgs(
                            # As files, for the folder's name is their hash, which that of an archive would not be.
                            s3_uri=endpoint.uri,
                            s3_data_type="S3Prefix",
                            compression_type="None",
                        )
                    ]
                ),
            ),
            opts=self.child(self._provider, (rights, *self._files)),
        )

    def _settings(self, model: Model) -> EndpointConfiguration:
        endpoint = self._endpoint
        return EndpointConfiguration(
            endpoint.name,
            name=versioned(endpoint),
            production_variants=[
                EndpointConfigurationProductionVariantArgs(
                    variant_name=VARIANT,
                    model_name=model.name,
                    instance_type=endpoint.machine_type,
                    initial_instance_count=endpoint.min_instances,
                    inference_ami_version=endpoint.system_image,
                    model_data_download_timeout_in_seconds=endpoint.startup_seconds,
                    container_startup_health_check_timeout_in_seconds=endpoint.startup_seconds,
                )
            ],
            opts=self.child(self._provider),
        )

    def _scaling(self, made: Endpoint, requests_per_minute: float) -> None:
        endpoint = self._endpoint
        place = f"endpoint/{endpoint.physical_name}/variant/{VARIANT}"
        target = Target(
            endpoint.name,
            service_namespace=_SERVICE,
            scalable_dimension=_DIMENSION,
            resource_id=place,
            min_capacity=endpoint.min_instances,
            max_capacity=endpoint.max_instances,
            opts=self.child(self._provider, (made,)),
        )
        Policy(
            endpoint.name,
            name=endpoint.physical_name,
            policy_type="TargetTrackingScaling",
            service_namespace=_SERVICE,
            scalable_dimension=_DIMENSION,
            resource_id=place,
            target_tracking_scaling_policy_configuration=PolicyTargetTrackingScalingPolicyConfigurationArgs(
                predefined_metric_specification=_predefined(),
                target_value=requests_per_minute,
                scale_in_cooldown=endpoint.idle_seconds,
                scale_out_cooldown=_SCALE_OUT_SECONDS,
            ),
            opts=self.child(self._provider, (target,)),
        )


def _predefined() -> PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs:
    return PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
        predefined_metric_type=_METRIC
    )
