"""The spine: everything that will be made, as one frozen value.

`resolve` alone fills it; the Pulumi layers read nothing else. It is complete: a printed plan is enough for a review.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, ip_network

from aigc.catalog.kinds import CapacityType, Cloud, GpuSharing, SourceKind
from aigc.plan.azure_plan import AzurePlan
from aigc.plan.cost import CostInterval, CostItem, CostPlan, InferenceCost
from aigc.plan.frozen import Frozen
from aigc.plan.managed_plan import ManagedEndpointPlan
from aigc.plan.model_store_plan import ModelFolderPlan, ModelStorePlan, MountPlan
from aigc.plan.parts import (
    Autoscaler,
    BatchingPlan,
    ColdStartPlan,
    ExpectedPlan,
    ResourcesPlan,
    ScalingPlan,
    ServingMode,
    SloPlan,
    SourcePlan,
    Taint,
)
from aigc.plan.pool_plan import PoolPlan, SharingPlan
from aigc.plan.registry_plan import RegistryPlan
from aigc.plan.tpu_vm_plan import TpuVmPlan

__all__ = [
    "PLAN_VERSION",
    "Autoscaler",
    "AzurePlan",
    "BatchingPlan",
    "CapacityType",
    "Cloud",
    "ClusterPlan",
    "ColdStartPlan",
    "ComponentPlan",
    "ComponentSource",
    "ComputeClassPlan",
    "CostInterval",
    "CostItem",
    "CostPlan",
    "EndpointPlan",
    "ExpectedPlan",
    "GpuSharing",
    "InferenceCost",
    "ManagedEndpointPlan",
    "ModelFolderPlan",
    "ModelStorePlan",
    "MonitoringPlan",
    "MountPlan",
    "NamespacePlan",
    "PoolPlan",
    "QuotaPlan",
    "ResourcesPlan",
    "ScalingPlan",
    "ServingMode",
    "SharingPlan",
    "SloPlan",
    "SourceKind",
    "SourcePlan",
    "StackPlan",
    "Taint",
    "TpuVmPlan",
]

PLAN_VERSION = 5


class ComponentSource(StrEnum):
    """Where a platform component's objects come from."""

    MANIFEST = "manifest"
    """Extracted from its Go module into the cache."""
    RELEASE = "release"
    """A Helm chart that the Pulumi provider fetches."""
    PROGRAM = "program"
    """Typed objects of our own program."""


class ClusterPlan(Frozen):
    """The cluster, made by us or there already."""

    name: str
    kubernetes_minor: str
    kubeconfig: str | None = None
    """Path of the kubeconfig; only for clouds `existing` and `local`."""
    context: str | None = None
    pod_cidr: str | None = None
    service_cidr: str | None = None
    node_cidr: str | None = None
    zones: tuple[str, ...] = ()
    """Zones the cluster may use; empty leaves the choice to the cloud."""
    deletion_protection: bool = False
    nat_gateway_per_zone: bool = False
    auto_mode: bool = False
    """Whether EKS makes the nodes of every pool, and brings what runs on them (EKS Auto Mode)."""

    @property
    def only_node_address(self) -> str | None:
        """The address of the only node; None where nodes come and go."""
        network = ip_network(self.node_cidr) if self.node_cidr else None
        return str(network.network_address) if network and network.num_addresses == 1 else None

    @property
    def pods_share_the_nodes_range(self) -> bool:
        """Whether an address of a node's range may be a pod's, as where the cloud's own network carries pods."""
        if not self.pod_cidr or not self.node_cidr:
            return False
        pods, nodes = IPv4Network(self.pod_cidr), IPv4Network(self.node_cidr)
        return pods.subnet_of(nodes)


class EndpointPlan(Frozen):
    """One endpoint: a Triton with its models, and how it is reached."""

    name: str
    mode: ServingMode
    models: tuple[str, ...]
    """Triton models in the pod: the endpoint's own and those it needs."""
    pool: str | None
    """Name of the pool its pods must land on; None where the cluster has no pools of ours."""
    overflow_pools: tuple[str, ...] = ()
    """Pools that take the pods for which `pool` has no room, in order of preference."""
    tolerations: tuple[Taint, ...]
    node_selector: dict[str, str]
    resources: ResourcesPlan
    batching: BatchingPlan
    triton_config: str | None = None
    """Text of the config.pbtxt that its own model has in place of the repository's; None: it is as it is there."""
    scaling: ScalingPlan
    slo: SloPlan
    source: SourcePlan
    host: str
    """Host name under which the gateway serves it."""
    expected: ExpectedPlan | None = None
    """Replicas at the traffic of the stack file."""
    cold_start: ColdStartPlan | None = None
    """What the progress deadline follows from."""

    @property
    def pools(self) -> tuple[str, ...]:
        """Every pool that its pods may land on, in order of preference."""
        return (self.pool, *self.overflow_pools) if self.pool else ()


class NamespacePlan(Frozen):
    """A Kubernetes namespace of ours."""

    name: str
    pod_security: str
    """Pod Security level enforced: `restricted`, or another with a reason."""
    reason: str | None = None


class ComponentPlan(Frozen):
    """A piece of platform software: Knative, the Prometheus operator, the gateway."""

    name: str
    version: str
    source: ComponentSource
    namespace: str
    manifest_sha256: str | None = None
    """For `manifest`: sha256 of `<name>-<version>.yaml` in the cache."""
    chart: str | None = None
    repository: str | None = None


class MonitoringPlan(Frozen):
    """The stack's own Prometheus."""

    retention_hours: int
    alert_webhook: bool = False
    """Whether alerts go to the URL in `aigc:secrets`, which is in no plan: it may contain a token."""
    storage_class: str | None = None
    """StorageClass of Prometheus' volume; None: its samples are in its pod, and go with it."""
    storage_gib: int | None = None


class ComputeClassPlan(Frozen):
    """Pools that GKE tries in this order when pods wait for a node."""

    name: str
    pools: tuple[str, ...]


class QuotaPlan(Frozen):
    """A quota of the account, and what it must allow when every pool of the stack is at its largest."""

    name: str
    code: str | None
    """What the cloud's API calls it; None where nobody sourced it."""
    unit: str
    needed: float
    pools: tuple[str, ...]


class StackPlan(Frozen):
    """Everything that will be made for one stack."""

    version: int = PLAN_VERSION
    stack: str
    cloud: Cloud
    region: str | None
    project: str | None
    account: str | None = None
    azure: AzurePlan | None = None
    domain: str
    cluster: ClusterPlan
    pools: tuple[PoolPlan, ...]
    compute_classes: tuple[ComputeClassPlan, ...] = ()
    quotas: tuple[QuotaPlan, ...] = ()
    namespaces: tuple[NamespacePlan, ...]
    components: tuple[ComponentPlan, ...]
    images: dict[str, str]
    """Role -> image of the platform's own: `envoy`, `cluster-autoscaler` where it runs, `gateway-controller`,
    `prometheus`, `prometheus-operator` and its others, `knative-controller` and its others, `keda-operator` ..."""
    registry: RegistryPlan | None = None
    """The registry that the stack makes for them; None where somebody else has it."""
    knative_features: dict[str, str]
    """Keys of Knative's `config-features` that the endpoints need, derived from what they use."""
    endpoints: tuple[EndpointPlan, ...]
    managed_endpoints: tuple[ManagedEndpointPlan, ...] = ()
    model_store: ModelStorePlan | None = None
    """Buckets that the stack makes and fills with models; None where every model comes some other way."""
    tpu_vms: tuple[TpuVmPlan, ...] = ()
    monitoring: MonitoringPlan | None
    """None where the stack has no Prometheus of its own."""
    cost: CostPlan

    @property
    def mounts(self) -> dict[str, MountPlan]:
        """How the pods of an endpoint see their files, by its name: of those whose files are mounted."""
        return {one.name: one.source.mount for one in self.endpoints if one.source.mount is not None}
