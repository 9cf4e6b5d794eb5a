"""Plans made by hand: what the layers read, without a stack file, a catalog or a model repository."""

from __future__ import annotations

from typing import Any

from aigc.catalog.kinds import CapacityType, Cloud, SourceKind
from aigc.plan.stack_plan import (
    Autoscaler,
    AzurePlan,
    BatchingPlan,
    ClusterPlan,
    ComponentPlan,
    ComponentSource,
    CostPlan,
    EndpointPlan,
    MonitoringPlan,
    NamespacePlan,
    PoolPlan,
    ResourcesPlan,
    ScalingPlan,
    ServingMode,
    SloPlan,
    SourcePlan,
    StackPlan,
    Taint,
)

GPU_TAINT = Taint(key="nvidia.com/gpu", value="present", effect="NoSchedule")
ROLES = (
    "envoy",
    "gateway-controller",
    "keda-metrics-apiserver",
    "keda-operator",
    "knative-activator",
    "knative-autoscaler",
    "knative-controller",
    "knative-queue",
    "knative-webhook",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-config-reloader",
    "prometheus-operator",
)


TAGS = {"prometheus": "2.42", "prometheus-alertmanager": "0.25"}
"""Tags that the operator reads as the version of what runs."""


def scaling_plan(**changes: Any) -> ScalingPlan:
    values: dict[str, Any] = {
        "autoscaler": Autoscaler.KPA,
        "min_replicas": 0,
        "max_replicas": 3,
        "initial_replicas": 0,
        "target_concurrency": 8,
        "hard_concurrency": 0,
        "idle_seconds": 90,
        "progress_deadline_seconds": 700,
        "request_timeout_seconds": 300,
    }
    return ScalingPlan(**{**values, **changes})


_USUAL = {ServingMode.KNATIVE: Autoscaler.KPA, ServingMode.STEADY: Autoscaler.NONE}


def endpoint_plan(
    name: str,
    mode: ServingMode,
    *,
    gpu: bool = False,
    scaling: ScalingPlan | None = None,
    triton_config: str | None = None,
) -> EndpointPlan:
    return EndpointPlan(
        name=name,
        mode=mode,
        models=(name, f"{name}_core"),
        pool="gpu" if gpu else None,
        tolerations=(GPU_TAINT,) if gpu else (),
        node_selector={"aigc/pool": "gpu"} if gpu else {},
        resources=ResourcesPlan(
            cpu_millicores=500,
            memory_mib=1024,
            accelerators=1 if gpu else 0,
            resource_key="nvidia.com/gpu" if gpu else None,
        ),
        batching=BatchingPlan(max_batch_size=8, dynamic=True, max_queue_delay_us=1000, instances=2),
        triton_config=triton_config,
        scaling=scaling or scaling_plan(autoscaler=_USUAL[mode]),
        slo=SloPlan(p99_ms=2000, availability_percent=99.5),
        source=SourcePlan(
            kind=SourceKind.BAKED, image=f"dev.local/triton-{name}:0123456789ab", uri=None, content_hash="0123456789ab"
        ),
        host=f"{name}.models.aigc.internal",
    )


def pool_plan(name: str = "gpu", **changes: object) -> PoolPlan:
    values: dict[str, object] = {
        "name": name,
        "machine_type": "machine-8",
        "accelerator": "accelerator-x",
        "accelerator_label": "accelerator-x",
        "accelerators_per_node": 1,
        "resource_key": "nvidia.com/gpu",
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": CapacityType.SPOT,
        "zones": ("region-a", "region-b"),
        "disk_gib": 100,
        "labels": {"aigc/pool": name},
        "taints": (GPU_TAINT,),
        "vcpus": 8.0,
        "memory_gib": 32.0,
    }
    return PoolPlan.model_validate({**values, **changes})


def local_plan(manifest_sums: dict[str, str] | None = None) -> StackPlan:
    sums = manifest_sums or {}
    versions = {
        "knative-serving": ("1.23.0", "knative-serving"),
        "keda": ("2.20.2", "keda"),
        "prometheus-operator": ("0.93.1", "monitoring"),
    }
    components = [
        ComponentPlan(
            name=name,
            version=version,
            source=ComponentSource.MANIFEST,
            namespace=namespace,
            manifest_sha256=sums.get(name),
        )
        for name, (version, namespace) in versions.items()
    ]
    gateway = ComponentPlan(name="gateway", version="0.1.0", source=ComponentSource.PROGRAM, namespace="gateway")
    return StackPlan(
        stack="local",
        cloud=Cloud.LOCAL,
        region=None,
        project=None,
        domain="aigc.internal",
        cluster=ClusterPlan(
            name="aigc-local", kubernetes_minor="1.37", kubeconfig="/nowhere/kubeconfig", node_cidr="10.217.0.1/32"
        ),
        pools=(),
        namespaces=tuple(
            NamespacePlan(name=name, pod_security="restricted")
            for name in ("gateway", "keda", "knative-serving", "models", "monitoring")
        ),
        components=(*components, gateway),
        images={role: f"dev.local/{role}:{TAGS.get(role, '1.0.0')}" for role in ROLES},
        knative_features={"multi-container": "enabled", "kubernetes.podspec-volumes-emptydir": "enabled"},
        endpoints=(endpoint_plan("gpt", ServingMode.KNATIVE), keda_endpoint()),
        monitoring=MonitoringPlan(retention_hours=24),
        cost=CostPlan(usd_per_month_low=0, usd_per_month_high=0, not_priced=()),
    )


def keda_endpoint(name: str = "steady") -> EndpointPlan:
    """A steady endpoint whose replicas follow its queue."""
    return endpoint_plan(
        name, ServingMode.STEADY, scaling=scaling_plan(autoscaler=Autoscaler.KEDA, min_replicas=1, initial_replicas=1)
    )


def release_plan(name: str, version: str, namespace: str) -> ComponentPlan:
    return ComponentPlan(
        name=name,
        version=version,
        source=ComponentSource.RELEASE,
        namespace=namespace,
        chart=name,
        repository="https://charts.example.com",
    )


def gcp_cluster() -> ClusterPlan:
    return ClusterPlan(
        name="aigc-gcp-test",
        kubernetes_minor="1.37",
        pod_cidr="10.32.0.0/14",
        service_cidr="10.48.0.0/20",
        node_cidr="10.10.0.0/20",
        deletion_protection=True,
    )


def platform_pool() -> PoolPlan:
    return pool_plan(
        "platform",
        accelerator=None,
        accelerator_label=None,
        accelerators_per_node=0,
        resource_key=None,
        taints=(),
        min_nodes=1,
        capacity=CapacityType.ON_DEMAND,
    )


def gcp_plan() -> StackPlan:
    names = ("knative-operator", "knative-serving", "models", "monitoring")
    return local_plan().model_copy(
        update={
            "stack": "gcp-test",
            "cloud": Cloud.GCP,
            "region": "region",
            "project": "project",
            "cluster": gcp_cluster(),
            "pools": (platform_pool(), pool_plan()),
            "namespaces": tuple(NamespacePlan(name=name, pod_security="restricted") for name in names),
            "components": (
                release_plan("knative-operator", "1.23.0", "knative-operator"),
                release_plan("kube-prometheus-stack", "88.5.3", "monitoring"),
            ),
            "endpoints": (endpoint_plan("gpt", ServingMode.KNATIVE, gpu=True),),
        }
    )


AWS_ZONES = ("us-east-1a", "us-east-1b")


def aws_plan() -> StackPlan:
    """The platform's pool in both zones, one of spot GPUs in one zone, and what EKS leaves to its user."""
    releases = {
        "knative-operator": ("1.23.0", "knative-operator"),
        "kube-prometheus-stack": ("88.5.3", "monitoring"),
        "cluster-autoscaler": ("9.59.0", "cluster-autoscaler"),
        "nvidia-device-plugin": ("0.20.0", "accelerators"),
    }
    names = {"knative-serving", "models", *(namespace for _, namespace in releases.values())} - {"accelerators"}
    vpc = {"pod_cidr": "10.32.0.0/16", "node_cidr": "10.32.0.0/16", "zones": AWS_ZONES}
    platform = {"zones": AWS_ZONES, "node_image": "AL2023_x86_64_STANDARD"}
    gpu = {"zones": AWS_ZONES[1:], "node_image": "AL2023_x86_64_NVIDIA"}
    return gcp_plan().model_copy(
        update={
            "stack": "aws-test",
            "cloud": Cloud.AWS,
            "region": "us-east-1",
            "project": None,
            "account": "111122223333",
            "cluster": gcp_cluster().model_copy(update={"name": "aigc-aws-test", **vpc}),
            "pools": (platform_pool().model_copy(update=platform), pool_plan().model_copy(update=gpu)),
            "namespaces": (
                NamespacePlan(name="accelerators", pod_security="privileged", reason="mounts folders of its node"),
                *(NamespacePlan(name=name, pod_security="restricted") for name in sorted(names)),
            ),
            "components": tuple(release_plan(name, *where) for name, where in releases.items()),
            "images": {"envoy": "registry.example/envoy:1.0.0", "cluster-autoscaler": "registry.example/ca:v1.36.1"},
        }
    )


def azure_plan() -> StackPlan:
    """The platform's pool, one of spot GPUs in one zone, and the device plugin that AKS leaves to its user."""
    releases = {
        "knative-operator": ("1.23.0", "knative-operator"),
        "kube-prometheus-stack": ("88.5.3", "monitoring"),
        "nvidia-device-plugin": ("0.20.0", "accelerators"),
    }
    subscription = "11111111-2222-3333-4444-555555555555"
    group = f"/subscriptions/{subscription}/resourceGroups/images"
    spot = Taint(key="kubernetes.azure.com/scalesetpriority", value="spot", effect="NoSchedule")
    gpu = {
        "zones": ("1",),
        "node_image": "Ubuntu",
        "taints": (GPU_TAINT, spot),
        "labels": {"aigc/pool": "gpu", spot.key: spot.value},
    }
    (gpt,) = gcp_plan().endpoints
    return aws_plan().model_copy(
        update={
            "stack": "azure-test",
            "cloud": Cloud.AZURE,
            "region": "eastus",
            "account": None,
            "azure": AzurePlan(
                subscription=subscription,
                admin_group="66666666-7777-8888-9999-000000000000",
                registry_id=f"{group}/providers/Microsoft.ContainerRegistry/registries/aigcdev",
                system_pool="platform",
            ),
            "cluster": gcp_cluster().model_copy(update={"name": "aigc-azure-test"}),
            "pools": (platform_pool().model_copy(update={"node_image": "Ubuntu"}), pool_plan().model_copy(update=gpu)),
            "namespaces": tuple(one for one in aws_plan().namespaces if one.name != "cluster-autoscaler"),
            "components": tuple(release_plan(name, *where) for name, where in releases.items()),
            "images": {"envoy": "aigcdev.azurecr.io/aigc/envoy:1.0.0"},
            "endpoints": (gpt.model_copy(update={"tolerations": (GPU_TAINT, spot)}),),
        }
    )


def keeping(plan: StackPlan, hours: int) -> StackPlan:
    """The same with a Prometheus that keeps data for so long."""
    return plan.model_copy(update={"monitoring": MonitoringPlan(retention_hours=hours)})
