"""The spine: everything that will be made, as one frozen value.

`resolve` alone fills it; the Pulumi layers read nothing else. It is complete: a printed plan is enough for a review.
"""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network, ip_network

from pydantic import BaseModel, ConfigDict

from aigc.catalog.kinds import CapacityType, Cloud, SourceKind

__all__ = [
    "PLAN_VERSION",
    "Autoscaler",
    "BatchingPlan",
    "CapacityType",
    "Cloud",
    "ClusterPlan",
    "ComponentPlan",
    "ComponentSource",
    "CostPlan",
    "EndpointPlan",
    "MonitoringPlan",
    "NamespacePlan",
    "PoolPlan",
    "QuotaPlan",
    "ResourcesPlan",
    "ScalingPlan",
    "ServingMode",
    "SloPlan",
    "SourceKind",
    "SourcePlan",
    "StackPlan",
    "Taint",
]

PLAN_VERSION = 4


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ServingMode(StrEnum):
    """How replicas of an endpoint come and go."""

    KNATIVE = "knative"
    STEADY = "steady"


class Autoscaler(StrEnum):
    """What changes an endpoint's number of replicas."""

    KPA = "kpa"
    """Knative's own, by requests in flight; goes to zero and comes back."""
    KEDA = "keda"
    """Kubernetes' HorizontalPodAutoscaler, fed by KEDA with what Triton says of its queue."""
    NONE = "none"
    """Nothing: the number is fixed."""


class ComponentSource(StrEnum):
    """Where a platform component's objects come from."""

    MANIFEST = "manifest"
    """Extracted from its Go module into the cache."""
    RELEASE = "release"
    """A Helm chart that the Pulumi provider fetches."""
    PROGRAM = "program"
    """Typed objects of our own program."""


class Taint(_Frozen):
    """What keeps pods without a matching toleration off a node."""

    key: str
    value: str
    effect: str
    """Kubernetes spelling: NoSchedule, PreferNoSchedule, NoExecute."""


class ClusterPlan(_Frozen):
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


class PoolPlan(_Frozen):
    """A node pool: machines of one type."""

    name: str
    machine_type: str
    accelerator: str | None
    """Catalog id of the accelerator, for instance `nvidia-l4`; None on a CPU pool."""
    accelerator_label: str | None
    """What the cloud itself calls it, for instance `nvidia-l4` on GKE."""
    accelerators_per_node: int
    resource_key: str | None
    """Extended resource a pod requests, for instance `nvidia.com/gpu`."""
    min_nodes: int
    max_nodes: int
    capacity: CapacityType
    zones: tuple[str, ...]
    disk_gib: int
    labels: dict[str, str]
    taints: tuple[Taint, ...]
    vcpus: float
    memory_gib: float
    node_image: str | None = None
    """What the cloud calls the system image of its nodes, for instance an AMI type of EKS; None: it chooses itself."""
    reservation: str | None = None
    """Name or id of the reservation that its nodes use; with capacity: reserved only."""
    capacity_block: bool = False
    reservation_until: str | None = None
    efa_interfaces: int = 0
    karpenter: bool = False
    """Whether Karpenter makes its nodes."""


class ResourcesPlan(_Frozen):
    """What Triton's container requests."""

    cpu_millicores: int
    memory_mib: int
    accelerators: int = 0
    resource_key: str | None = None


class BatchingPlan(_Frozen):
    """What the model's config.pbtxt says about batching."""

    max_batch_size: int
    dynamic: bool
    max_queue_delay_us: int
    instances: int


class ScalingPlan(_Frozen):
    """How replicas follow the traffic."""

    autoscaler: Autoscaler
    min_replicas: int
    max_replicas: int
    initial_replicas: int
    target_concurrency: int
    """Requests in flight per replica that the autoscaler aims at."""
    hard_concurrency: int
    """Requests in flight per replica that are let through at most; 0 is no limit."""
    idle_seconds: int
    """How long the last replica stays after the last request; under KEDA, how long any replica does."""
    progress_deadline_seconds: int
    request_timeout_seconds: int


class SloPlan(_Frozen):
    """The service-level objective of an endpoint."""

    p99_ms: float
    availability_percent: float


class SourcePlan(_Frozen):
    """How an endpoint's model files reach its pod."""

    kind: SourceKind
    image: str
    """The image the pod runs; for `baked` it holds the model files too."""
    uri: str | None
    """Content-hashed prefix (`bucket`) or reference (`oci`); None for `baked`."""
    content_hash: str
    """First 12 hex digits of the sha256 over the model folders and the serving image's pins."""


class EndpointPlan(_Frozen):
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
    scaling: ScalingPlan
    slo: SloPlan
    source: SourcePlan
    host: str
    """Host name under which the gateway serves it."""


class NamespacePlan(_Frozen):
    """A Kubernetes namespace of ours."""

    name: str
    pod_security: str
    """Pod Security level enforced: `restricted`, or another with a reason."""
    reason: str | None = None


class ComponentPlan(_Frozen):
    """A piece of platform software: Knative, the Prometheus operator, the gateway."""

    name: str
    version: str
    source: ComponentSource
    namespace: str
    manifest_sha256: str | None = None
    """For `manifest`: sha256 of `<name>-<version>.yaml` in the cache."""
    chart: str | None = None
    repository: str | None = None


class MonitoringPlan(_Frozen):
    """The stack's own Prometheus."""

    retention_hours: int
    alert_webhook: bool = False
    """Whether alerts go to the URL in `aigc:secrets`, which is in no plan: it may contain a token."""
    storage_class: str | None = None
    """StorageClass of Prometheus' volume; None: its samples are in its pod, and go with it."""
    storage_gib: int | None = None


class QuotaPlan(_Frozen):
    """A quota of the account, and what it must allow when every pool of the stack is at its largest."""

    name: str
    code: str | None
    """What the cloud's API calls it; None where nobody sourced it."""
    unit: str
    needed: float
    pools: tuple[str, ...]


class CostPlan(_Frozen):
    """An interval in US dollars a month; what has no price is named, never guessed."""

    usd_per_month_low: float
    usd_per_month_high: float | None
    not_priced: tuple[str, ...]
    budget_usd_per_month: float | None = None


class StackPlan(_Frozen):
    """Everything that will be made for one stack."""

    version: int = PLAN_VERSION
    stack: str
    cloud: Cloud
    region: str | None
    project: str | None
    account: str | None = None
    domain: str
    cluster: ClusterPlan
    pools: tuple[PoolPlan, ...]
    quotas: tuple[QuotaPlan, ...] = ()
    namespaces: tuple[NamespacePlan, ...]
    components: tuple[ComponentPlan, ...]
    images: dict[str, str]
    """Role -> image of the platform's own: `envoy`, `cluster-autoscaler` where it runs, `gateway-controller`,
    `prometheus`, `prometheus-operator` and its others, `knative-controller` and its others, `keda-operator` ..."""
    knative_features: dict[str, str]
    """Keys of Knative's `config-features` that the endpoints need, derived from what they use."""
    endpoints: tuple[EndpointPlan, ...]
    monitoring: MonitoringPlan | None
    """None where the stack has no Prometheus of its own."""
    cost: CostPlan
