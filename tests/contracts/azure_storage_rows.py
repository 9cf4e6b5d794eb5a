"""What the resource types of the provider `azure-native` for blobs, images and their readers are to Azure's APIs."""

from __future__ import annotations

from tests.contracts.azure_rows import in_url
from tests.contracts.rules import At, NotCovered, Row

RENAMED = "the provider says it in other words"
BY_THE_BLOBS_OWN_API = "blobs are put by an API of their own, which no package has a model of"

ACCOUNT = Row(
    "azure-native:storage:StorageAccount",
    "azure-storage",
    "StorageAccountCreateParameters",
    {
        **in_url("storage_accounts.create", "resourceGroupName", "accountName"),
        "enableHttpsTrafficOnly": At("supportsHttpsTrafficOnly", RENAMED),
    },
)

BLOB_SERVICE = Row(
    "azure-native:storage:BlobServiceProperties",
    "azure-storage",
    "BlobServiceProperties",
    {
        **in_url("blob_services.set_service_properties", "resourceGroupName", "accountName"),
        "blobServicesName": NotCovered("an account has one, and the API has its name in no place of its own"),
    },
)

CONTAINER = Row(
    "azure-native:storage:BlobContainer",
    "azure-storage",
    "BlobContainer",
    in_url("blob_containers.create", "resourceGroupName", "accountName", "containerName"),
)

LIFECYCLE = Row(
    "azure-native:storage:ManagementPolicy",
    "azure-storage",
    "ManagementPolicy",
    in_url("management_policies.create_or_update", "resourceGroupName", "accountName", "managementPolicyName"),
)

BLOB = Row(
    "azure-native:storage:Blob",
    "azure-storage",
    "blob_containers.create",
    {name: NotCovered(BY_THE_BLOBS_OWN_API) for name in ("blobName", "source", "type")},
)
"""Of a blob itself, only where it lies is the management API's."""

FEDERATED_CREDENTIAL = Row(
    "azure-native:managedidentity:FederatedIdentityCredential",
    "azure-msi",
    "FederatedIdentityCredential",
    in_url(
        "federated_identity_credentials.create_or_update",
        "resourceGroupName",
        "resourceName",
        "federatedIdentityCredentialResourceName",
    ),
)

REGISTRY = Row(
    "azure-native:containerregistry:Registry",
    "azure-containerregistry",
    "Registry",
    in_url("registries.create", "resourceGroupName", "registryName"),
)

AZURE_STORAGE_ROWS = (ACCOUNT, BLOB_SERVICE, CONTAINER, LIFECYCLE, BLOB, FEDERATED_CREDENTIAL, REGISTRY)
