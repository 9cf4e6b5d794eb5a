"""What a cloud must offer, small enough that a new cloud is one folder; what it cannot do is data with a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import pulumi

from aigc.catalog.managed import managed_gap
from aigc.plan.stack_plan import Cloud, ManagedEndpointPlan, ModelStorePlan, StackPlan, TpuVmPlan


@dataclass(frozen=True)
class NetworkHandle:
    """Where the nodes are; a cluster that exists already brings its own, so every field may be absent."""

    network: pulumi.Input[str] | None = None
    subnetwork: pulumi.Input[str] | None = None
    resource_group: pulumi.Input[str] | None = None
    """The group that everything of a stack is in, on Azure."""
    pod_range: str | None = None
    """Name of the secondary range that pods take addresses from."""
    service_range: str | None = None
    node_subnets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Zone -> subnet of its nodes, on clouds where a subnet lies in one zone."""
    control_plane_subnets: tuple[pulumi.Input[str], ...] = ()
    ready: tuple[pulumi.Resource, ...] = ()
    """What must be there before a node reaches anything: routes."""
    provider: pulumi.ProviderResource | None = None
    """The cloud's own provider, made once and handed on."""


@dataclass(frozen=True)
class ClusterHandle:
    """A cluster one can put objects on."""

    provider: pulumi.ProviderResource
    """The Kubernetes provider; everything on the cluster names it."""
    stack: str
    """Goes on every object as the inventory label."""
    ready: tuple[pulumi.Resource, ...] = ()
    """What must be there before pods can run: node pools of ours."""
    control_plane_cidr: str | None = None
    """Where the API server answers from, if that is known before it exists; network policies name it."""
    outputs: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What the stack exports about the cluster."""


@dataclass(frozen=True)
class ModelStoreHandle:
    """Models in buckets, by the name of their endpoint; empty where a stack has none."""

    files: Mapping[str, tuple[pulumi.Resource, ...]] = field(default_factory=dict)
    """What must be there before anybody reads them."""
    rights: Mapping[str, tuple[pulumi.Resource, ...]] = field(default_factory=dict)
    """What must be there before a pod can."""
    identities: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What a volume calls the identity that reads, where it has to name one."""


@dataclass(frozen=True)
class Inability:
    """Something a cloud does not do here, with the sentence that a person reads."""

    what: str
    sentence: str


def no_managed_endpoints(cloud: Cloud) -> Inability:
    """Why a cloud's service is not used, as the catalog has it for `validate`, too.

    Raises:
        KeyError: the catalog has no such sentence.
    """
    gap = managed_gap(cloud)
    if gap is None:
        raise KeyError(cloud)
    return Inability("managed endpoints", gap.because)


class CloudAdapter(Protocol):
    """One cloud. It is found by its place: module `aigc.clouds.<cloud>` with a constant `ADAPTER`."""

    @property
    def cloud(self) -> Cloud:
        """Which cloud this is."""

    @property
    def inabilities(self) -> tuple[Inability, ...]:
        """What it does not do, as data; reports print it, nothing branches on it."""

    def network(self, plan: StackPlan) -> NetworkHandle:
        """Make the network that the nodes live in."""

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """Make the cluster with its node pools, and the provider that talks to it.

        Of a plan with a registry that one, too: images are pushed while the cluster is being made, and its nodes have
        the right to pull them before there are any.
        """


@runtime_checkable
class ManagedEndpoints(Protocol):
    """What an adapter offers besides if its cloud runs a model without a cluster; else an Inability says why not."""

    def managed_endpoint(
        self, plan: StackPlan, endpoint: ManagedEndpointPlan, network: NetworkHandle, store: ModelStoreHandle
    ) -> pulumi.Output[str]:
        """Make one with all that it needs; gives what the service calls it."""


@runtime_checkable
class TpuVms(Protocol):
    """What an adapter offers besides if its cloud makes TPUs without a cluster (catalog/tpu_vms.yaml)."""

    def tpu_vm(self, plan: StackPlan, vm: TpuVmPlan, network: NetworkHandle) -> pulumi.Output[str]:
        """Make one with all that it needs; gives the address of its first machine, which others of the network see."""


@runtime_checkable
class ModelStores(Protocol):
    """What an adapter offers besides if its cloud has buckets that pods can mount."""

    def model_store(
        self, plan: StackPlan, store: ModelStorePlan, network: NetworkHandle, cluster: ClusterHandle, root: Path
    ) -> ModelStoreHandle:
        """Make the buckets, put the files of the model repository of the project at `root` into them, and give each
        endpoint's pods the right to read their own."""
