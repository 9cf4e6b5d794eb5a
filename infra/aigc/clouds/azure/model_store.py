"""Models in Blob Storage: an account of the stack's own, a container a model, an identity that may read each."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi_azure_native import storage
from pulumi_azure_native.managedidentity import FederatedIdentityCredential, UserAssignedIdentity

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.clouds.azure.identities import Right, assigned, identity
from aigc.clouds.azure.tags import inventory_tags
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle, NetworkHandle
from aigc.clouds.model_objects import KEPT_DAYS, model_objects
from aigc.plan.stack_plan import ModelFolderPlan, ModelStorePlan, MountPlan, StackPlan
from aigc.tokens import Component

BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
"""Storage Blob Data Reader (azure-docs, role-based-access-control, built-in-roles.md)."""
_AUDIENCE = "api://AzureADTokenExchange"
"""Of the token with which a pod's account takes an identity of Azure, the only one that Entra accepts."""


class AzureModelStore(Component):
    """The account, its containers and blobs, and an identity for each endpoint's pods."""

    LAYER = "clouds"

    def __init__(
        self,
        name: str,
        plan: StackPlan,
        store: ModelStorePlan,
        *,
        network: NetworkHandle,
        cluster: ClusterHandle,
        root: Path,
    ) -> None:
        super().__init__(name)
        self._plan, self._network, self._cluster = plan, network, cluster
        self._account = self._storage_account(store.account or "")
        guards = self._guards()
        containers = {bucket: self._container(bucket) for bucket in store.buckets}
        files = {one.endpoint: self._files(one, containers[one.bucket], guards, root) for one in store.folders}
        readers = {name: self._reader(name, mount, containers[mount.bucket]) for name, mount in plan.mounts.items()}
        self.handle = ModelStoreHandle(
            files=files,
            rights={name: rights for name, (_, rights) in readers.items()},
            identities={name: reader.client_id for name, (reader, _) in readers.items()},
        )
        self.done({"account": self._account.name})

    def _storage_account(self, name: str) -> storage.StorageAccount:
        plan = self._plan
        return storage.StorageAccount(
            "models",
            account_name=name,
            resource_group_name=self._network.resource_group or "",
            location=plan.region,
            kind=storage.Kind.STORAGE_V2,
            # Three copies in three zones, where a stack names zones: a pod that starts must find its files.
            sku=storage.SkuArgs(
                name=storage.SkuName.STANDARD_ZRS if plan.cluster.zones else storage.SkuName.STANDARD_LRS
            ),
            allow_blob_public_access=False,
            enable_https_traffic_only=True,
            minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
            default_to_o_auth_authentication=True,
            # Said, though it is so: the provider uploads by the account's key (pulumi-azure-native, issue 2948).
            allow_shared_key_access=True,
            tags=inventory_tags(plan),
            opts=self.child(self._network.provider, protect=plan.cluster.deletion_protection or None),
        )

    def _guards(self) -> tuple[pulumi.Resource, ...]:
        """What must hold before the first blob is in it; Azure encrypts all of them with keys of its own."""
        retention = storage.DeleteRetentionPolicyArgs(enabled=True, days=KEPT_DAYS)
        kept = storage.BlobServiceProperties(
            "models",
            account_name=self._account.name,
            blob_services_name="default",
            resource_group_name=self._network.resource_group or "",
            is_versioning_enabled=True,
            delete_retention_policy=retention,
            container_delete_retention_policy=retention,
            opts=self.child(self._network.provider),
        )
        storage.ManagementPolicy(
            "models",
            account_name=self._account.name,
            management_policy_name="default",
            resource_group_name=self._network.resource_group or "",
            policy=_lifecycle(),
            opts=self.child(self._network.provider, (kept,)),
        )
        return (kept,)

    def _container(self, name: str) -> storage.BlobContainer:
        return storage.BlobContainer(
            name,
            container_name=name,
            account_name=self._account.name,
            resource_group_name=self._network.resource_group or "",
            public_access=storage.PublicAccess.NONE,
            opts=self.child(self._network.provider),
        )

    def _files(
        self,
        folder: ModelFolderPlan,
        container: storage.BlobContainer,
        guards: tuple[pulumi.Resource, ...],
        root: Path,
    ) -> tuple[pulumi.Resource, ...]:
        return tuple(
            storage.Blob(
                one.key,
                blob_name=one.key,
                account_name=self._account.name,
                container_name=container.name,
                resource_group_name=self._network.resource_group or "",
                type=storage.BlobType.BLOCK,
                source=one.source,
                opts=self.child(self._network.provider, guards),
            )
            for one in model_objects(folder, root)
        )

    def _reader(
        self, endpoint: str, mount: MountPlan, container: storage.BlobContainer
    ) -> tuple[UserAssignedIdentity, tuple[pulumi.Resource, ...]]:
        """An identity that only the endpoint's pods can take, and that only reads its container."""
        name = f"model-{endpoint}"
        reader = identity(self, name, self._plan, self._network)
        trusted = FederatedIdentityCredential(
            name,
            federated_identity_credential_resource_name=name,
            resource_name_=reader.name,
            resource_group_name=self._network.resource_group or "",
            issuer=self._cluster.outputs["oidc_issuer"],
            subject=f"system:serviceaccount:{MODELS_NAMESPACE}:{mount.service_account}",
            audiences=[_AUDIENCE],
            opts=self.child(self._network.provider),
        )
        right = assigned(self, reader, Right(name, BLOB_READER, container.id), self._plan, self._network)
        return reader, (trusted, right)


def _lifecycle() -> storage.ManagementPolicySchemaArgs:
    old = storage.ManagementPolicyVersionArgs(
        delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=KEPT_DAYS)
    )
    rule = storage.ManagementPolicyRuleArgs(
        name="old-versions",
        enabled=True,
        type=storage.RuleType.LIFECYCLE,
        definition=storage.ManagementPolicyDefinitionArgs(
            actions=storage.ManagementPolicyActionArgs(version=old),
            filters=storage.ManagementPolicyFilterArgs(blob_types=["blockBlob"]),
        ),
    )
    return storage.ManagementPolicySchemaArgs(rules=[rule])
