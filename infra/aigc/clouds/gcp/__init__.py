"""Google Cloud: a private GKE cluster with the plan's node pools.

GKE installs the accelerators' drivers itself, so nothing of the GPU operator's kind is needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pulumi

from aigc.clouds.contract import ClusterHandle, Inability, ModelStoreHandle, NetworkHandle, no_managed_endpoints
from aigc.clouds.gcp.cluster import GkeCluster
from aigc.clouds.gcp.model_store import GcpModelStore
from aigc.clouds.gcp.network import GcpNetwork
from aigc.clouds.gcp.tpu_vm import TpuVm
from aigc.plan.stack_plan import Cloud, ModelStorePlan, StackPlan, TpuVmPlan

_INABILITIES = (
    Inability(
        "rights of one cluster",
        "A right of a pod holds in every cluster of its project: pods of one name are one identity there",
    ),
    Inability(
        "a closed API server", "Its public endpoint takes connections from anywhere, and IAM judges each request"
    ),
    Inability(
        "nodes in network policies",
        "Dataplane V2 knows no node by its address: Prometheus may leave to port 10250 of anything to reach kubelets",
    ),
    Inability(
        "models on TPUs",
        "Triton has no backend for TPUs: a model's own Python brings JAX or PyTorch/XLA, none here does",
    ),
    Inability(
        "one model over several hosts",
        "Replicas on a slice of several machines are one a machine; LeaderWorkerSet, which joins them, is missing",
    ),
    Inability(
        "metrics of GPUs",
        "Prometheus has none: GKE's own exporter tells Google Cloud Monitoring alone, and of NVIDIA's, at the version"
        " that runs elsewhere, nobody has shown that it finds GKE's driver (NVIDIA/dcgm-exporter, issues 484 and 530)",
    ),
    Inability("MPS", "A pod that shares a GPU by MPS needs the IPC of its node, which namespaces of ours forbid"),
    Inability(
        "memory of shared GPUs", "Time-sharing keeps no pod from the GPU memory of another; partitions (MIG) do that"
    ),
    Inability(
        "queued provisioning", "Its nodes come for a ProvisioningRequest alone, which is for batch; flex-start is there"
    ),
    Inability("reservations are not made", "A pool uses a reservation that somebody made; the stack makes none"),
    Inability(
        "several NICs",
        "Nodes get one network interface: GPUDirect and the networks of A3, A4 and Ironwood are not set up",
    ),
    Inability("blue-green upgrades", "Nodes are upgraded one by one: blue-green would need the quota of a pool twice"),
    Inability(
        "the way back",
        "A pod stays where it came: none is moved to an earlier pool of its chain, which would restart it",
    ),
    Inability(
        "a model's pod that reaches nobody",
        "Where it mounts a bucket its driver is in the pod, which may leave to port 443 of anything: Cloud Storage has"
        " no addresses of its own",
    ),
    Inability(
        "somebody's bucket", "A pod mounts the bucket that the stack makes and fills; no rights are given in another"
    ),
    Inability(
        "registry",
        "The stack makes the repository of its own project and region alone; two stacks need repositories of two names,"
        " and one that is there is taken over with `pulumi import`",
    ),
    Inability(
        "old images",
        "An image that has a tag is never deleted by itself, for its repository lets no tag be moved or deleted",
    ),
    Inability(
        "TPU VMs in a queue",
        "A TPU VM is there at once or not at all: what waits in the queue of the TPU API gets no service account here",
    ),
    Inability(
        "TPU VMs behind the gateway",
        "Their clients are in the network and call the address itself; no objective, dashboard or alert knows it",
    ),
    no_managed_endpoints(Cloud.GCP),
    Inability(
        "steady endpoints", "Kourier routes Knative Services only; a steady endpoint is reached inside the cluster"
    ),
)


@dataclass(frozen=True)
class GoogleCloud:
    """GKE, in one region."""

    cloud: Cloud = Cloud.GCP
    inabilities: tuple[Inability, ...] = _INABILITIES

    def network(self, plan: StackPlan) -> NetworkHandle:
        """A network of its own, with a way out for nodes that have no public address."""
        return GcpNetwork("network", plan).handle

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The cluster and its node pools."""
        return GkeCluster("cluster", plan, network).handle

    def tpu_vm(self, plan: StackPlan, vm: TpuVmPlan, network: NetworkHandle) -> pulumi.Output[str]:
        """A node of the Cloud TPU API."""
        return TpuVm(vm.name, plan, vm, network).address

    def model_store(
        self, plan: StackPlan, store: ModelStorePlan, network: NetworkHandle, cluster: ClusterHandle, root: Path
    ) -> ModelStoreHandle:
        """Buckets of Cloud Storage."""
        return GcpModelStore("model-store", plan, store, network=network, cluster=cluster, root=root).handle


ADAPTER = GoogleCloud()
