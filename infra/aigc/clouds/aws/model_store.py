"""Models in S3: one bucket of the stack's own, a folder a model in it, and the driver that mounts it.

Who may read which folder is in pod_rights.py: it needs names alone, and so waits for no bucket.
"""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
from pulumi_aws.eks import Addon
from pulumi_aws.s3 import (
    Bucket,
    BucketLifecycleConfiguration,
    BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs,
    BucketLifecycleConfigurationRuleArgs,
    BucketLifecycleConfigurationRuleFilterArgs,
    BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs,
    BucketObjectv2,
    BucketPolicy,
    BucketPublicAccessBlock,
    BucketServerSideEncryptionConfiguration,
    BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs,
    BucketServerSideEncryptionConfigurationRuleArgs,
    BucketVersioning,
    BucketVersioningVersioningConfigurationArgs,
)

from aigc.clouds.aws.policies import document
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle, NetworkHandle
from aigc.clouds.model_objects import KEPT_DAYS, UPLOAD_DAYS, model_objects
from aigc.plan.stack_plan import ModelFolderPlan, ModelStorePlan, StackPlan
from aigc.tokens import Component

MOUNTPOINT = "aws-mountpoint-s3-csi-driver"
MOUNTPOINT_SETTINGS = {"node": {"tolerateAllTaints": True}}
"""On nodes of accelerators too; the default of its version 2, said because version 1 had another."""


def only_by_tls(bucket: str) -> str:
    """That nobody reads or writes over a connection in the clear."""
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    clear = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": everything, "Condition": clear}
    return document([deny])


class AwsModelStore(Component):
    """The bucket, its objects, and the add-on of EKS that mounts it."""

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
        self._options = self.child(network.provider)
        (self._name,) = store.buckets
        bucket = self._bucket(plan)
        guards = self._guards(bucket)
        files = {folder.endpoint: self._files(folder, bucket, guards, network, root) for folder in store.folders}
        driver = (self._driver(cluster, network),) if plan.mounts else ()
        self.handle = ModelStoreHandle(files=files, rights={folder.endpoint: driver for folder in store.folders})
        self.done({"bucket": bucket.bucket})

    def _bucket(self, plan: StackPlan) -> Bucket:
        # A protected stack keeps its bucket: S3 refuses to delete one that holds anything, old versions too.
        return Bucket(
            "models", bucket=self._name, force_destroy=not plan.cluster.deletion_protection, opts=self._options
        )

    def _guards(self, bucket: Bucket) -> tuple[pulumi.Resource, ...]:
        """What must hold before the first file is in it."""
        closed = BucketPublicAccessBlock(
            "models",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._options,
        )
        versioned = BucketVersioning(
            "models",
            bucket=bucket.id,
            versioning_configuration=BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._options,
        )
        policy = BucketPolicy("models", bucket=bucket.id, policy=only_by_tls(self._name), opts=self._options)
        self._lifecycle(bucket)
        return closed, versioned, policy, self._encryption(bucket)

    def _encryption(self, bucket: Bucket) -> BucketServerSideEncryptionConfiguration:
        by = BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(sse_algorithm="AES256")
        return BucketServerSideEncryptionConfiguration(
            "models",
            bucket=bucket.id,
            rules=[
                BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=by),
            ],
            opts=self._options,
        )

    def _lifecycle(self, bucket: Bucket) -> None:
        BucketLifecycleConfiguration(
            "models",
            bucket=bucket.id,
            rules=[
                BucketLifecycleConfigurationRuleArgs(
                    id="old-versions",
                    status="Enabled",
                    filter=BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    noncurrent_version_expiration=BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=KEPT_DAYS
                    ),
                    abort_incomplete_multipart_upload=(
                        BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                            days_after_initiation=UPLOAD_DAYS
                        )
                    ),
                )
            ],
            opts=self._options,
        )

    def _files(
        self,
        folder: ModelFolderPlan,
        bucket: Bucket,
        guards: tuple[pulumi.Resource, ...],
        network: NetworkHandle,
        root: Path,
    ) -> tuple[pulumi.Resource, ...]:
        return tuple(
            BucketObjectv2(
                one.key, bucket=bucket.id, key=one.key, source=one.source, opts=self.child(network.provider, guards)
            )
            for one in model_objects(folder, root)
        )

    def _driver(self, cluster: ClusterHandle, network: NetworkHandle) -> pulumi.Resource:
        """Mountpoint for S3; its pods need nodes, and none counts as made before they run."""
        driver: pulumi.Resource = Addon(
            MOUNTPOINT,
            addon_name=MOUNTPOINT,
            cluster_name=cluster.outputs["name"],
            configuration_values=json.dumps(MOUNTPOINT_SETTINGS),
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            opts=self.child(network.provider, cluster.ready),
        )
        return driver
