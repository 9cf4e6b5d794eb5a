"""The volume of an endpoint whose files come from a bucket: read-only, its own folder, by its own identity.

Each driver wants it said in its own way (docs of the drivers, named in plan/model_store.py); pure but for an identity
of Azure, which has a name only after it was made.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.cluster.pod_security import NONROOT_UID
from aigc.plan.model_store import BLOB_DRIVER, S3_DRIVER
from aigc.plan.stack_plan import EndpointPlan, MountPlan, StackPlan

_IGNORED_SIZE = "1Gi"
"""The API wants one; a bucket has none, and no driver reads it."""
_OWNER = (f"uid={NONROOT_UID}", f"gid={NONROOT_UID}")
"""As the drivers show the files: no pod of ours runs as root, and no object has an owner."""


def volume_source(mount: MountPlan) -> Body:
    """What the pod's volume is: a claim, or the bucket itself where its driver wants no PersistentVolume."""
    if mount.claim:
        # Knative takes none that may be written.
        return {"persistentVolumeClaim": {"claimName": mount.claim, "readOnly": True}}
    options = ("implicit-dirs", f"only-dir={mount.folder.rstrip('/')}", *_OWNER, "file-mode=444", "dir-mode=555")
    attributes = {"bucketName": mount.bucket, "mountOptions": ",".join(options)}
    return {"csi": {"driver": mount.driver, "readOnly": True, "volumeAttributes": attributes}}


def volume_bodies(plan: StackPlan, endpoint: EndpointPlan, identity: pulumi.Input[str] | None) -> list[Body]:
    """The service account of the endpoint's pods and, where a claim is mounted, claim and volume.

    `identity` is what Azure calls the identity that may read.
    """
    mount = endpoint.source.mount
    if mount is None:
        return []
    account: Body = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(endpoint, mount.service_account),
        "automountServiceAccountToken": False,
    }
    return [account, *(_claimed(plan, endpoint, mount, mount.claim, identity) if mount.claim else ())]


def _metadata(endpoint: EndpointPlan, name: str) -> Body:
    return {"name": name, "namespace": MODELS_NAMESPACE, "labels": {ENDPOINT_LABEL: endpoint.name}}


def _claimed(
    plan: StackPlan, endpoint: EndpointPlan, mount: MountPlan, claim: str, identity: pulumi.Input[str] | None
) -> tuple[Body, Body]:
    # No namespace holds it, so its name has one in it.
    name = f"{MODELS_NAMESPACE}-{claim}"
    shared: Body = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    volume: Body = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": {ENDPOINT_LABEL: endpoint.name}},
        "spec": {
            **shared,
            "capacity": {"storage": _IGNORED_SIZE},
            "claimRef": {"namespace": MODELS_NAMESPACE, "name": claim},
            "persistentVolumeReclaimPolicy": "Retain",
            "mountOptions": _mount_options(plan, mount),
            "csi": {
                "driver": mount.driver,
                "readOnly": True,
                "volumeHandle": name,
                "volumeAttributes": _attributes(plan, mount, identity),
            },
        },
    }
    resources = {"requests": {"storage": _IGNORED_SIZE}}
    body: Body = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(endpoint, claim),
        "spec": {**shared, "volumeName": name, "resources": resources},
    }
    return volume, body


def _mount_options(plan: StackPlan, mount: MountPlan) -> list[str]:
    if mount.driver == S3_DRIVER:
        # The region is said, for the process that mounts cannot ask the node for it: our nodes answer no pod.
        return ["read-only", "allow-other", *_OWNER, f"region {plan.region}", f"prefix {mount.folder}"]
    # Folders exist by their files alone. Listing must not be held back after the mount (--cancel-list-on-mount-seconds,
    # which examples set for its price): Triton would find an empty repository.
    subdirectory = f"--subdirectory={mount.folder.rstrip('/')}"
    return ["-o ro", "-o allow_other", subdirectory, "--virtual-directory=true", "--use-attr-cache=true"]


def _attributes(plan: StackPlan, mount: MountPlan, identity: pulumi.Input[str] | None) -> Mapping[str, object]:
    if mount.driver == BLOB_DRIVER:
        return {
            "protocol": "fuse2",
            "resourceGroup": plan.cluster.name,
            "storageAccount": mount.account,
            "containerName": mount.bucket,
            "clientID": identity,
            # Else the identity would fetch the account's key, and with it the right to everything in it.
            "mountWithWorkloadIdentityToken": "true",
        }
    return {"bucketName": mount.bucket, "authenticationSource": "pod"}
