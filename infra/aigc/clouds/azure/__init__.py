"""Microsoft Azure: an AKS cluster with the plan's agent pools.

AKS brings what adds and removes nodes and installs NVIDIA's driver; the device plugin is left to its user, and the
foundation installs it, see docs/decisions/0010-calico-and-entra-on-aks.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aigc.clouds.azure.cluster import AksCluster
from aigc.clouds.azure.model_store import AzureModelStore
from aigc.clouds.azure.network import AzureNetwork
from aigc.clouds.contract import ClusterHandle, Inability, ModelStoreHandle, NetworkHandle, no_managed_endpoints
from aigc.plan.stack_plan import Cloud, ModelStorePlan, StackPlan

_INABILITIES = (
    Inability("reservations", "Capacity reservation groups are not matched to a pool yet"),
    Inability(
        "node auto-provisioning",
        "With `node_provisioning: auto` pools that keep no node are Karpenter's, of the one machine type that the plan"
        " prices; its bound counts processors, so that nodes of a burst may pass it for a moment",
    ),
    Inability(
        "another node_provisioning for a cluster that is there",
        "It changes what enforces network policies: AKS makes every node anew at once and enforces none meanwhile",
    ),
    Inability(
        "sharing", "GPUs are whole or cut into partitions (MIG): pods that take turns on one would share its memory"
    ),
    Inability(
        "partitions from zero",
        "AKS' autoscaler counts a machine's whole GPUs until one of the pool runs: for a burst it may add more nodes"
        " than their partitions need, and takes them away again",
    ),
    Inability(
        "how busy partitions are",
        "DCGM tells no use of a GPU that is cut (NVIDIA/dcgm-exporter, issue 430): the fleet's page has its memory and"
        " errors",
    ),
    Inability(
        "another partition of a pool", "AKS cuts GPUs when it makes a pool, and never again: add a pool of another name"
    ),
    Inability(
        "managed GPU pools", "Azure's managed GPU profile is a preview without the autoscaler, so it is not used"
    ),
    Inability("FPGA", "NP machines retire on 2027-05-31 and no device plugin is kept up for them, so they are refused"),
    Inability("GPUs beside Arm processors", "Azure documents no node image for them on AKS, so they are refused"),
    Inability(
        "InfiniBand", "Nodes get the usual network interface: models that span hosts would crawl, so none is made"
    ),
    Inability(
        "somebody's container",
        "A pod mounts the container that the stack makes and fills; no rights are given elsewhere",
    ),
    Inability(
        "a storage account without keys",
        "Pulumi's provider uploads by the account's key, so the account has one; pods read by identities of their own",
    ),
    Inability("a key of one's own", "Azure encrypts disks and Secrets with keys of its own; none of Key Vault is set"),
    Inability("a closed API server", "Its public endpoint takes connections from anywhere, and Entra judges each"),
    Inability(
        "registry",
        "Its name is one of all Azure, so it may be taken; without the Premium tier nothing in it is deleted by itself,"
        " and it is reached from anywhere, and Entra judges each",
    ),
    Inability(
        "digests in a private registry",
        "Knative's controller has no right to read the registry, so images of it run by their tags: lock them there,"
        " so that none is moved (az acr repository update --write-enabled false)",
    ),
    Inability(
        "another machine for the first pool",
        "AKS makes it with the cluster and refuses to change its machine: add a second pool for the platform instead",
    ),
    Inability(
        "replacing a pool of a protected stack",
        "The lock on the cluster holds for its pools, too: take deletion_protection off for the time of the change",
    ),
    Inability("artifact streaming", "Images are pulled whole before a pod starts; streaming wants a premium registry"),
    Inability("a NAT gateway a zone", "One NAT gateway serves all zones; without its zone no new image can be pulled"),
    no_managed_endpoints(Cloud.AZURE),
    Inability(
        "steady endpoints", "Kourier routes Knative Services only; a steady endpoint is reached inside the cluster"
    ),
    Inability(
        "other clouds of Azure", "China and the governments' clouds have other addresses and roles, and are refused"
    ),
)


@dataclass(frozen=True)
class MicrosoftAzure:
    """AKS, in one region."""

    cloud: Cloud = Cloud.AZURE
    inabilities: tuple[Inability, ...] = _INABILITIES

    def network(self, plan: StackPlan) -> NetworkHandle:
        """A resource group and a network of its own, with a way out for nodes that have no public address."""
        return AzureNetwork("network", plan).handle

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The cluster and its agent pools."""
        return AksCluster("cluster", plan, network).handle

    def model_store(
        self, plan: StackPlan, store: ModelStorePlan, network: NetworkHandle, cluster: ClusterHandle, root: Path
    ) -> ModelStoreHandle:
        """A storage account."""
        return AzureModelStore("model-store", plan, store, network=network, cluster=cluster, root=root).handle


ADAPTER = MicrosoftAzure()
