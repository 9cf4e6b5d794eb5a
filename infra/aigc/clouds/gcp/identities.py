"""The identities of a GKE cluster: an account of its nodes, and what it and Knative's controller may read."""

from __future__ import annotations

import pulumi
from pulumi_gcp.artifactregistry import RepositoryIamMember
from pulumi_gcp.projects import IAMMember
from pulumi_gcp.serviceaccount import Account

from aigc.catalog.limits import SERVICE_ACCOUNT_ID_CHARS
from aigc.clouds.gcp import rights
from aigc.clouds.gcp.rights import Repository
from aigc.plan.names import physical
from aigc.plan.stack_plan import StackPlan
from aigc.tokens import Component


class GkeNodeAccount(Component):
    """The account that nodes have; `ready` is what must be there before a node can work."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        plan: StackPlan,
        registry: tuple[pulumi.Resource, ...],
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        account = Account(
            "nodes",
            account_id=physical(plan.cluster.name, SERVICE_ACCOUNT_ID_CHARS),
            display_name="Nodes",
            opts=self.child(provider),
        )
        member = pulumi.Output.concat("serviceAccount:", account.email)
        role = IAMMember(
            "nodes", project=plan.project or "", role=rights.NODE_ROLE, member=member, opts=self.child(provider)
        )
        readers = (
            _reader(f"nodes-{one.name}", one, member, self.child(provider, registry))
            for one in rights.read_by_nodes(plan)
        )
        self.email = account.email
        self.ready: tuple[pulumi.Resource, ...] = (role, *readers)
        self.done({"email": account.email})


class GkePodRights(Component):
    """Rights of pods, each given to a service account by its name (Workload Identity Federation for GKE).

    The pool of identities belongs to the project and comes with its first cluster, so they come after the cluster.
    """

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        parent: Component,
        plan: StackPlan,
        cluster: pulumi.Resource,
        provider: pulumi.ProviderResource | None,
    ) -> None:
        super().__init__(name, pulumi.ResourceOptions(parent=parent))
        options, member = self.child(provider, (cluster,)), rights.knatives_controller(plan)
        self.ready: tuple[pulumi.Resource, ...] = tuple(
            _reader(f"knative-{one.name}", one, member, options) for one in rights.read_by_knative(plan)
        )
        self.done({})


def _reader(
    name: str, repository: Repository, member: pulumi.Input[str], options: pulumi.ResourceOptions
) -> RepositoryIamMember:
    return RepositoryIamMember(
        name,
        location=repository.location,
        project=repository.project,
        repository=repository.name,
        role=rights.READER_ROLE,
        member=member,
        opts=options,
    )
