"""A cluster the user already has, on whatever cloud: nothing is made under it, objects are put on it."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.clouds.contract import ClusterHandle, Inability, NetworkHandle
from aigc.clouds.kubeconfig import cluster_of_kubeconfig
from aigc.plan.stack_plan import Cloud, StackPlan


@dataclass(frozen=True)
class ExistingCluster:
    """A kubeconfig and, where it holds several, a context."""

    cloud: Cloud = Cloud.EXISTING
    inabilities: tuple[Inability, ...] = (
        Inability("making nodes", "The cluster's owner makes its nodes; pools describe those that are there"),
        Inability(
            "looking at nodes", "A plan asks no cluster: what pools say of nodes is believed, and nothing checks it"
        ),
        Inability(
            "room that others take",
            "Pods of others on these nodes are not known: what pools say is taken to be free, and a pod may wait",
        ),
        Inability("what nodes cost", "They are somebody's already: no price of theirs is known, so none is shown"),
        Inability(
            "network policy",
            "Policies are shipped, and whether the cluster's network enforces them nobody here can see",
        ),
        Inability(
            "drivers", "NVIDIA's driver and the kernel's for FPGAs (DFL or OPAE) are the nodes' owner's to install"
        ),
        Inability(
            "FPGAs in mode region", "Programming a card wants Intel's webhook and cert-manager: install its operator"
        ),
        Inability(
            "computing on an FPGA",
            "A pod gets the card; Triton has no backend for it, OpenVINO's ended with 2020.3: a model brings its own",
        ),
        Inability("MIG and sharing", "The device plugin advertises whole GPUs; slices and time-sharing are not set up"),
        Inability(
            "load balancer", "The gateway's Service asks for one; a cluster without a maker of them gives it no address"
        ),
        Inability("baked images", "Its nodes cannot see images built here: a registry is required"),
    )

    def network(self, plan: StackPlan) -> NetworkHandle:
        """The cluster's own."""
        return NetworkHandle()

    def cluster(self, plan: StackPlan, network: NetworkHandle) -> ClusterHandle:
        """The one that the kubeconfig names."""
        return cluster_of_kubeconfig(plan)


ADAPTER = ExistingCluster()
