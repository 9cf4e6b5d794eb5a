"""What the resource types of the provider `azure-native` are to Azure's APIs."""

from __future__ import annotations

from tests.contracts.rules import At, Keys, Row, Rule

IN_THE_URL = "the API has it in the URL"
HYPHENS = "the API takes the names of the autoscaler's own flags"


def in_url(operation: str, *names: str) -> dict[str, Rule]:
    """Properties that an operation has in its URL under the same names."""
    return {name: At(f"{operation}:{name}", IN_THE_URL) for name in names}


CLUSTER = Row(
    "azure-native:containerservice:ManagedCluster",
    "azure-containerservice",
    "ManagedCluster",
    {
        **in_url("managed_clusters.create_or_update", "resourceGroupName", "resourceName"),
        "identity.userAssignedIdentities": Keys("userAssignedIdentities", "the API has a map by the id of each"),
        "autoScalerProfile.ignoreDaemonsetsUtilization": At("ignore-daemonsets-utilization", HYPHENS),
        "autoScalerProfile.skipNodesWithLocalStorage": At("skip-nodes-with-local-storage", HYPHENS),
    },
)

AGENT_POOL = Row(
    "azure-native:containerservice:AgentPool",
    "azure-containerservice",
    "AgentPool",
    in_url("agent_pools.create_or_update", "resourceGroupName", "resourceName", "agentPoolName"),
)

NETWORK = Row(
    "azure-native:network:VirtualNetwork",
    "azure-network",
    "VirtualNetwork",
    in_url("virtual_networks.create_or_update", "resourceGroupName", "virtualNetworkName"),
)

SUBNET = Row(
    "azure-native:network:Subnet",
    "azure-network",
    "Subnet",
    in_url("subnets.create_or_update", "resourceGroupName", "virtualNetworkName", "subnetName"),
)

NAT = Row(
    "azure-native:network:NatGateway",
    "azure-network",
    "NatGateway",
    in_url("nat_gateways.create_or_update", "resourceGroupName", "natGatewayName"),
)

ADDRESS = Row(
    "azure-native:network:PublicIPAddress",
    "azure-network",
    "PublicIPAddress",
    in_url("public_ip_addresses.create_or_update", "resourceGroupName", "publicIpAddressName"),
)

IDENTITY = Row(
    "azure-native:managedidentity:UserAssignedIdentity",
    "azure-msi",
    "Identity",
    in_url("user_assigned_identities.create_or_update", "resourceGroupName", "resourceName"),
)

ASSIGNMENT = Row(
    "azure-native:authorization:RoleAssignment",
    "azure-authorization",
    "RoleAssignmentCreateParameters",
    in_url("role_assignments.create", "scope", "roleAssignmentName"),
)

LOCK = Row(
    "azure-native:authorization:ManagementLockByScope",
    "azure-locks",
    "ManagementLockObject",
    in_url("management_locks.create_or_update_by_scope", "scope", "lockName"),
)

GROUP = Row(
    "azure-native:resources:ResourceGroup",
    "azure-resources",
    "ResourceGroup",
    in_url("resource_groups.create_or_update", "resourceGroupName"),
)

AZURE_ROWS = (CLUSTER, AGENT_POOL, NETWORK, SUBNET, NAT, ADDRESS, IDENTITY, ASSIGNMENT, LOCK, GROUP)
