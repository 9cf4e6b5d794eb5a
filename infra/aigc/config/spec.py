"""What a person asks for: the object `aigc:stack` of a stack file, frozen and strict.

Every description below is what `python -m scripts schema` shows in an editor. Whatever is left out has a default here
or is filled by `aigc.plan.resolve`; nothing else invents values.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from aigc.catalog import cold_start
from aigc.catalog.gke import FEWEST_CLIENTS, MOST_CLIENTS
from aigc.catalog.kinds import CapacityType, Cloud, GpuSharing, NodeImage, NodeProvisioning, SourceKind
from aigc.catalog.labels import DEFAULT_DOMAIN
from aigc.config.nodes_spec import NodesSpec
from aigc.config.spec_model import SpecModel, Text
from aigc.config.tpu_vm_spec import TpuVmSpec


class RequestedMode(StrEnum):
    """How an endpoint's replicas come and go, as asked for."""

    AUTO = "auto"
    KNATIVE = "knative"
    STEADY = "steady"
    ASYNC = "async"
    MANAGED = "managed"


class TrafficSpec(SpecModel):
    """What arrives at an endpoint."""

    requests_per_second: float = Field(gt=0, le=1e7)
    """Mean rate of requests."""
    peak_factor: float = Field(default=1.0, ge=1, le=1000)
    """Highest rate divided by the mean rate; 1 is flat traffic."""
    input_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    """Mean number of tokens that go into a request."""
    output_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    """Mean number of tokens that come out of a request."""
    input_seconds: float | None = Field(default=None, gt=0, le=86_400)
    """Mean length of the audio of a request."""


class SloSpec(SpecModel):
    """The service-level objective of an endpoint."""

    p99_ms: float = Field(default=2000.0, gt=0, le=86_400_000)
    """99 of 100 requests are answered within this many milliseconds."""
    availability_percent: float = Field(default=99.5, gt=0, lt=100)
    """Share of requests that are answered without a server error."""


class ReplicasSpec(SpecModel):
    """Bounds of the number of replicas."""

    min: int | None = Field(default=None, ge=0, le=10_000)
    """Replicas that stay when nothing arrives; 0 (the default under Knative) scales to zero."""
    max: int | None = Field(default=None, ge=1, le=10_000)
    """Replicas at most. Default: min for a steady endpoint, else 1 on `local` and what the pool can hold elsewhere."""


class BatchingSpec(SpecModel):
    """What the model's config.pbtxt must say; a value here that differs from it is a fault, unless it overrides it."""

    max_batch_size: int | None = Field(default=None, ge=0, le=65_536)
    """Largest batch Triton forms; 0 is a model without a batch dimension."""
    dynamic: bool | None = None
    """Whether Triton joins requests of different callers into one batch."""
    max_queue_delay_us: int | None = Field(default=None, ge=0, le=60_000_000)
    """How long the dynamic batcher waits for more requests, in microseconds."""
    instances: int | None = Field(default=None, ge=1, le=1024)
    """Copies of the model that run at the same time in one Triton."""
    override: bool = False
    """Whether the values here take the place of those of config.pbtxt, in the pods of this stack alone. Not with files
    in a bucket; batches cannot become larger than config.pbtxt allows."""


class ResourcesSpec(SpecModel):
    """What one replica requests of its node. Default: the sum of the models' cards plus Triton's own share."""

    cpu_millicores: int | None = Field(default=None, ge=10, le=1_024_000)
    """Thousandths of a core."""
    memory_mib: int | None = Field(default=None, ge=32, le=16_777_216)
    """Memory in MiB, requested and limited alike."""


class SourceSpec(SpecModel):
    """How the model's files reach its pod."""

    kind: SourceKind = SourceKind.BAKED
    """baked: inside the image. bucket, on aws, gcp and azure: the stack makes a bucket, puts the model's folder and
    those it requires into it under their content hash, and pods mount it read-only. oci, an artifact of a registry, is
    not available yet."""
    uri: Text | None = None
    """Only for mode managed with kind bucket: a folder in somebody's bucket in place of the stack's own; its name ends
    in the content hash, which `validate` compares."""


class ScalingSpec(SpecModel):
    """How replicas follow the traffic. Each default is a rule of aigc.plan.scaling."""

    target_concurrency: int | None = Field(default=None, ge=1, le=100_000)
    """Requests in flight (steady: also requests that wait) per replica that the autoscaler aims at. Default: requests
    that one Triton works on at once."""
    hard_concurrency: int | None = Field(default=None, ge=0, le=1000)
    """Requests in flight per replica that are let through at most; 0 (the default) is no limit. Knative allows 1000."""
    initial_replicas: int | None = Field(default=None, ge=0, le=1000)
    """Replicas that a new version starts with, and must get ready, before it gets requests; never fewer than
    replicas.min. Default: 1, on an accelerator replicas.min. With 0 a version that cannot start takes over unseen."""
    idle_seconds: int | None = Field(default=None, ge=0, le=3600)
    """How long a replica (under Knative: the last) stays when nothing needs it. Default: 60, 300 on an accelerator."""
    progress_deadline_seconds: int | None = Field(
        default=None, ge=cold_start.LEAST_DEADLINE_SECONDS, le=cold_start.MOST_DEADLINE_SECONDS
    )
    """How long a new version may take to become ready. Default: half more than its cold start may take (node, driver,
    image, model files and server, as `plan` shows them), 600 at least."""
    request_timeout_seconds: int | None = Field(default=None, ge=1, le=600)
    """Longest request. Default 300; 600 is what Knative allows."""


class ManagedSpec(SpecModel):
    """Where a model of mode managed runs; `replicas` bounds its machines."""

    machine_type: Text
    """A row of infra/aigc/catalog/managed.yaml, for instance ml.g6.xlarge."""
    requests_per_minute: float | None = Field(default=None, gt=0, le=1e7)
    """Requests a minute that one machine is to take: more are added above it. Nobody can know it beforehand (`load`
    measures it), so it must be named where replicas.max is above replicas.min."""


class PredictedSpec(SpecModel):
    """What one replica does on the model's pools, as `plan --workload` predicts it or somebody measured it."""

    requests_per_second: float = Field(gt=0, le=1e7)
    """What it serves within slo.p99_ms."""
    p50_ms: float = Field(gt=0, le=86_400_000)
    """Half of the requests take no longer at the expected traffic."""
    p99_ms: float = Field(gt=0, le=86_400_000)
    """99 of 100 requests take no longer at the expected traffic."""


class ModelSpec(SpecModel):
    """One endpoint; its key is the folder in model_repository/."""

    mode: RequestedMode = RequestedMode.AUTO
    """knative scales to zero; steady always has replicas, a fixed number or, where replicas.max is above replicas.min,
    as many as the requests that wait in Triton need; auto chooses between them by the traffic. managed runs it on
    machines of the cloud's own service instead of the cluster, on aws: SageMaker. async is not available yet."""
    traffic: TrafficSpec | None = None
    """Expected traffic."""
    slo: SloSpec = SloSpec()
    """Service-level objective."""
    accelerators: tuple[Text, ...] = Field(default=(), max_length=32)
    """Accelerators in order of preference: ids of infra/aigc/catalog/accelerators.yaml, or `cpu`. Auto when absent."""
    pool: Text | None = None
    """Name of the pool its pods land on. Auto when absent."""
    overflow_pools: tuple[Text, ...] = Field(default=(), max_length=8)
    """Pools that take the pods for which `pool` has no room, in order of preference, with the same accelerator: an
    on-demand floor that never grows in `pool`, spot above it here."""
    replicas: ReplicasSpec = ReplicasSpec()
    """Fewest and most replicas."""
    batching: BatchingSpec = BatchingSpec()
    """Batching as config.pbtxt must state it."""
    resources: ResourcesSpec = ResourcesSpec()
    """Requests of one replica."""
    source: SourceSpec = SourceSpec()
    """Where the files come from."""
    scaling: ScalingSpec = ScalingSpec()
    """How replicas follow the traffic."""
    managed: ManagedSpec | None = None
    """Only for mode managed."""
    predicted: PredictedSpec | None = None
    """Read by plans alone: how many replicas the traffic needs, and how long requests then take."""


class SharingSpec(SpecModel):
    """Several pods on one GPU, or on one partition of it."""

    strategy: GpuSharing = GpuSharing.TIME_SHARING
    """time_sharing: turn by turn, and nothing keeps one pod from the memory of another. mps: at once."""
    max_clients: int = Field(ge=FEWEST_CLIENTS, le=MOST_CLIENTS)
    """Pods that may share one."""


class PoolSpec(SpecModel):
    """A node pool: machines of one type."""

    machine_type: Text | None = None
    """A row of infra/aigc/catalog/machines.yaml; every cloud needs one. On existing: what you call these machines."""
    nodes: NodesSpec | None = None
    """existing: the nodes that are there; min_nodes and max_nodes say how many, alike where they do not come and go."""
    min_nodes: int = Field(default=0, ge=0, le=1000)
    """Nodes that stay when nothing needs them."""
    max_nodes: int = Field(default=1, ge=1, le=1000)
    """Nodes at most, over all zones."""
    capacity: CapacityType | None = None
    """How its nodes are paid for. Default: the first of the stack's `capacity`."""
    disk_gib: int = Field(default=100, ge=20, le=65_536)
    """Boot disk of a node; Triton's full image alone unpacks to more than 20 GiB."""
    zones: tuple[Text, ...] = Field(default=(), max_length=16)
    """Zones of its nodes. Default: the stack's."""
    reservation: Text | None = None
    """Name or id of the reservation that its nodes use; with capacity: reserved only."""
    topology: Text | None = None
    """gcp: shape of the TPU slice that its machines form, quoted: "2x4". Default: that of one machine by itself."""
    partition: Text | None = None
    """gcp, azure: size of the Multi-Instance GPU partitions that each of its GPUs is cut into, for instance 1g.10gb."""
    sharing: SharingSpec | None = None
    """gcp: several pods on one of its GPUs, or on one partition of a GPU."""
    capacity_block: bool = False
    """Whether the reservation is a Capacity Block: machines of EC2 for some days, paid for beforehand; only on aws."""
    reservation_until: Text | None = None
    """When the reservation ends, in UTC and quoted: "2027-01-31T11:30Z". `validate` refuses one that is over."""
    node_image: NodeImage | None = None
    """Family of its nodes' system image, only on aws. Default: al2023."""
    efa: bool = False
    """Whether its nodes get every Elastic Fabric Adapter of their machine, for pods that span them; only on aws."""


class MonitoringSpec(SpecModel):
    """Prometheus and what it keeps."""

    enabled: bool = True
    """Whether the stack has a Prometheus of its own."""
    retention_hours: int | None = Field(default=None, ge=1, le=8784)
    """How long samples are kept. Default: 24 on `local`, else 240; objectives are judged over windows of up to 72."""
    alert_webhook: bool = False
    """Whether Alertmanager sends alerts to the https URL of the secret `alert_webhook_url`; else it only shows them."""


class StackSpec(SpecModel):
    """One environment."""

    cloud: Cloud
    """Where the cluster is: aws, gcp or azure; existing is a cluster you already have; local is this machine."""
    region: Text | None = None
    """The cloud's region, for instance us-central1."""
    zones: tuple[Text, ...] = Field(default=(), max_length=16)
    """Zones of the region that pools may use; all when empty. On aws two or more, for each gets subnets and nothing is
    looked up; EKS has no control plane in the zones with the ids use1-az3, usw1-az2 and cac1-az3. On azure they are
    numbers in quotes: "1"."""
    project: Text | None = None
    """Google Cloud project."""
    account: Text | None = None
    """AWS account, twelve digits in quotes; credentials of another one are refused before anything is made."""
    subscription: Text | None = None
    """Azure subscription, by its id; everything is made there, whatever the command line's default is."""
    admin_group: Text | None = None
    """On azure: object id of the Entra group whose members administer the cluster; AKS' own accounts are off, so who
    runs the stack is one of them."""
    registry_resource_group: Text | None = None
    """On azure: resource group of the container registry in `registry`, if that is there already; nodes get the right
    to pull from it. Without it the stack makes the registry."""
    budget_usd_per_month: float | None = Field(default=None, gt=0, le=1e12)
    """A plan that can cost more is shown as over budget."""
    capacity: tuple[CapacityType, ...] = Field(default=(CapacityType.ON_DEMAND,), min_length=1, max_length=4)
    """How nodes are paid for, in the order in which it is tried."""
    kubeconfig: Text | None = None
    """Path of the kubeconfig of a cluster that is there already; only for existing and local."""
    context: Text | None = None
    """Context inside that kubeconfig; the current one when absent."""
    registry: Text | None = None
    """Where the cluster pulls our images from, without a scheme: us-central1-docker.pkg.dev/project/images."""
    domain: Text = DEFAULT_DOMAIN
    """Endpoints are served as <endpoint>.models.<domain>."""
    kubernetes_minor: Text | None = None
    """Minor of Kubernetes, quoted: "1.37". Default: that of catalog/versions.yaml, on aws the newest that EKS has."""
    deletion_protection: bool | None = None
    """Whether the cloud refuses to delete the cluster. Default: true for stacks that end in -prod."""
    node_provisioning: NodeProvisioning | None = None
    """What makes nodes for pods that wait. Default: cluster_autoscaler. karpenter, only on aws, and auto, only on azure
    (AKS' node auto-provisioning), make those of pools that keep none; with auto_mode, only on aws, EKS makes those of
    every pool, each of a fixed number or from none. auto and auto_mode are chosen when a cluster is made."""
    nat_gateway_per_zone: bool | None = None
    """Whether nodes of each zone have a NAT gateway of their own, which the loss of another zone leaves alone; only on
    aws. Default: true for stacks that end in -prod."""
    uptime_sla: bool | None = None
    """Whether Azure answers for the uptime of the API server, for a price by the hour (AKS' Standard tier, else Free);
    only on azure. Default: true for stacks that end in -prod."""
    pools: dict[Text, PoolSpec] = Field(default={}, max_length=64)
    """Node pools by name."""
    models: dict[Text, ModelSpec] = Field(min_length=1, max_length=128)
    """Endpoints by the name of their folder in model_repository/."""
    tpu_vms: dict[Text, TpuVmSpec] = Field(default={}, max_length=16)
    """Slices of TPUs beside the cluster by name, only on gcp; each runs a container of yours, and no model of ours."""
    monitoring: MonitoringSpec = MonitoringSpec()
    """The stack's own Prometheus."""
