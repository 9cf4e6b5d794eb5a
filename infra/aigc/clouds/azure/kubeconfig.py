"""How a client of an AKS cluster gets its token, and whom it trusts: no credential is kept anywhere.

The token is Entra's, fetched by kubelogin with whatever `az login` holds, a person or a pipeline's federated identity.
The cluster's authority is no property of the resource in Azure's API: it is read out of the kubeconfig for users, which
with AKS' own accounts switched off holds no key.
"""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import yaml
from pulumi_azure_native.containerservice import ManagedCluster, list_managed_cluster_user_credentials_output

from aigc.clouds.contract import NetworkHandle

_AKS_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""What Entra calls every AKS cluster's API server (kubelogin, docs/book/src/concepts/aks.md)."""

AKS_TOKEN: dict[str, Any] = {
    "apiVersion": "client.authentication.k8s.io/v1beta1",
    "command": "kubelogin",
    "args": ["get-token", "--login", "azurecli", "--server-id", _AKS_SERVER],
    "installHint": "az aks install-cli",
    "interactiveMode": "Never",
}
"""The `exec` of a kubeconfig's user."""


def authority_of(cluster: ManagedCluster, network: NetworkHandle, parent: pulumi.Resource) -> pulumi.Output[str]:
    """The certificate of a cluster's authority in base64; unknown until the cluster is there."""
    found = list_managed_cluster_user_credentials_output(
        resource_group_name=network.resource_group,
        # By its id, which nobody knows before the cluster is there: asked for by name, it would be missed in a preview.
        resource_name=cluster.id.apply(lambda resource: resource.rsplit("/", 1)[-1]),
        format="exec",
        opts=pulumi.InvokeOutputOptions(parent=parent, provider=network.provider),
    )
    authority: pulumi.Output[str] = found.kubeconfigs.apply(lambda each: certificate_authority(each[0].value))
    return authority


def certificate_authority(encoded: str) -> str:
    """Out of a kubeconfig in base64, as Azure answers."""
    config = yaml.safe_load(base64.b64decode(encoded))
    return str(config["clusters"][0]["cluster"]["certificate-authority-data"])
