"""A slice of the Cloud TPU API: machines without a public address, an account of their own, who may reach them."""

from __future__ import annotations

import pulumi
from pulumi_gcp.artifactregistry import RepositoryIamMember
from pulumi_gcp.compute import Firewall, FirewallAllowArgs
from pulumi_gcp.projects import IAMMember
from pulumi_gcp.serviceaccount import Account
from pulumi_gcp.storage import BucketIAMMember
from pulumi_gcp.tpu import (
    V2Vm,
    V2VmAcceleratorConfigArgs,
    V2VmNetworkConfigArgs,
    V2VmSchedulingConfigArgs,
    V2VmServiceAccountArgs,
)

from aigc.catalog.limits import COMPUTE_NAME_CHARS, SERVICE_ACCOUNT_ID_CHARS
from aigc.clouds.contract import NetworkHandle
from aigc.clouds.gcp.model_store import VIEWER_ROLE
from aigc.clouds.gcp.node_pool import OAUTH_SCOPES
from aigc.clouds.gcp.rights import READER_ROLE, repositories
from aigc.clouds.gcp.tpu_vm_script import startup_script
from aigc.plan.names import physical
from aigc.plan.stack_plan import CapacityType, StackPlan, TpuVmPlan
from aigc.tokens import Component

_ROLES = {"logs": "roles/logging.logWriter", "metrics": "roles/monitoring.metricWriter"}
"""All that the machines write outside themselves."""


class TpuVm(Component):
    """Account with its rights, firewall, and the slice; the network has switched the API on."""

    LAYER = "clouds"

    def __init__(self, name: str, plan: StackPlan, vm: TpuVmPlan, network: NetworkHandle) -> None:
        super().__init__(name)
        self._name, self._plan, self._vm, self._network = name, plan, vm, network
        account = Account(
            name,
            account_id=physical(vm.physical_name, SERVICE_ACCOUNT_ID_CHARS),
            display_name=f"TPU VM {name}",
            opts=self._options(),
        )
        rights = self._rights(pulumi.Output.concat("serviceAccount:", account.email))
        rules = self._firewall(account.email)
        slice_of_tpus = self._slice(account.email, (*rights, *rules))
        self.address: pulumi.Output[str] = slice_of_tpus.network_endpoints.apply(
            lambda found: (found[0].ip_address if found else None) or ""
        )
        self.done({"address": self.address})

    def _options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return self.child(self._network.provider, after)

    def _rights(self, member: pulumi.Output[str]) -> list[pulumi.Resource]:
        name, vm, project = self._name, self._vm, self._plan.project or ""
        rights: list[pulumi.Resource] = [
            IAMMember(f"{name}-{what}", project=project, role=role, member=member, opts=self._options())
            for what, role in _ROLES.items()
        ]
        rights += [
            RepositoryIamMember(
                f"{name}-{one.name}",
                location=one.location,
                project=one.project,
                repository=one.name,
                role=READER_ROLE,
                member=member,
                opts=self._options(),
            )
            for one in repositories((vm.image,))
        ]
        if vm.files_bucket:
            # Of the whole bucket: a right to list is a bucket's.
            rights.append(
                BucketIAMMember(name, bucket=vm.files_bucket, role=VIEWER_ROLE, member=member, opts=self._options())
            )
        return rights

    def _firewall(self, email: pulumi.Output[str]) -> list[pulumi.Resource]:
        """Who may reach the machines; a network of ours lets nobody in who is not named."""
        rules: list[pulumi.Resource] = []
        if self._vm.port is not None:
            cluster = self._plan.cluster
            ranges = [one for one in (cluster.node_cidr, cluster.pod_cidr) if one]
            rules.append(self._rule("clients", email, ports=[str(self._vm.port)], source_ranges=ranges))
        if self._vm.hosts > 1:
            # JAX and PyTorch/XLA choose ports themselves for what the machines of a slice tell each other.
            rules.append(self._rule("slice", email, source_service_accounts=[email]))
        return rules

    def _rule(
        self,
        who: str,
        email: pulumi.Output[str],
        *,
        ports: list[str] | None = None,
        source_ranges: list[str] | None = None,
        source_service_accounts: list[pulumi.Output[str]] | None = None,
    ) -> Firewall:
        return Firewall(
            f"{self._name}-{who}",
            name=physical(f"{self._vm.physical_name}-{who}", COMPUTE_NAME_CHARS),
            network=self._network.network or "",
            direction="INGRESS",
            allows=[FirewallAllowArgs(protocol="tcp", ports=ports)],
            source_ranges=source_ranges,
            source_service_accounts=source_service_accounts,
            # By the account and not by a tag, which whoever may change a machine can give it.
            target_service_accounts=[email],
            opts=self._options(),
        )

    def _slice(self, email: pulumi.Output[str], after: tuple[pulumi.Resource, ...]) -> V2Vm:
        plan, vm, network = self._plan, self._vm, self._network
        return V2Vm(
            self._name,
            name=vm.physical_name,
            project=plan.project,
            zone=vm.zone,
            runtime_version=vm.runtime_version,
            accelerator_config=V2VmAcceleratorConfigArgs(type=vm.api_type, topology=vm.topology),
            network_config=V2VmNetworkConfigArgs(
                network=network.network, subnetwork=network.subnetwork, enable_external_ips=False
            ),
            scheduling_config=_scheduling(vm),
            service_account=V2VmServiceAccountArgs(email=email, scopes=list(OAUTH_SCOPES)),
            # The image once more by itself: the rules of the house look for images under this name.
            metadata={"startup-script": startup_script(vm), "image": vm.image},
            labels={"aigc-stack": plan.stack, "aigc-tpu-vm": vm.name},
            deletion_policy="PREVENT" if plan.cluster.deletion_protection else "DELETE",
            # The script runs at a start alone: changed in place, it would leave the old container where it is.
            opts=self.child(network.provider, after, replace_on_changes=["metadata"]),
        )


def _scheduling(vm: TpuVmPlan) -> V2VmSchedulingConfigArgs | None:
    """How it is paid for, where not on demand."""
    if vm.capacity is CapacityType.SPOT:
        return V2VmSchedulingConfigArgs(spot=True)
    return V2VmSchedulingConfigArgs(reserved=True) if vm.capacity is CapacityType.RESERVED else None
