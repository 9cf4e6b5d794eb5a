"""Models in Cloud Storage: a bucket a model, for a right to list is a bucket's, and who may read it."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi_gcp.projects import Service
from pulumi_gcp.storage import (
    Bucket,
    BucketIAMMember,
    BucketLifecycleRuleActionArgs,
    BucketLifecycleRuleArgs,
    BucketLifecycleRuleConditionArgs,
    BucketObject,
    BucketVersioningArgs,
)

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle, NetworkHandle
from aigc.clouds.gcp.rights import pods_of
from aigc.clouds.model_objects import KEPT_DAYS, UPLOAD_DAYS, model_objects
from aigc.plan.stack_plan import ModelFolderPlan, ModelStorePlan, MountPlan, StackPlan
from aigc.tokens import Component

VIEWER_ROLE = "roles/storage.objectViewer"
"""To get and list objects: what a read-only mount asks for (gcs-fuse-csi-driver, docs/authentication.md)."""
_API = "storage.googleapis.com"


class GcpModelStore(Component):
    """The buckets, their objects, and the rights of the endpoints' pods."""

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
        self._plan, self._provider = plan, network.provider
        # Left on at destroy, as the others: another stack of the project may need it.
        api = Service("storage", service=_API, disable_on_destroy=False, opts=self.child(self._provider))
        buckets = {folder.endpoint: self._bucket(folder, api) for folder in store.folders}
        files = {folder.endpoint: self._files(folder, buckets[folder.endpoint], root) for folder in store.folders}
        rights = {name: (self._right(name, mount, buckets[name], cluster),) for name, mount in plan.mounts.items()}
        self.handle = ModelStoreHandle(files=files, rights=rights)
        self.done({"buckets": [bucket.name for bucket in buckets.values()]})

    def _bucket(self, folder: ModelFolderPlan, api: Service) -> Bucket:
        """Encrypted by Google's own keys, as every object there is."""
        plan = self._plan
        return Bucket(
            folder.endpoint,
            name=folder.bucket,
            project=plan.project,
            location=plan.region or "",
            # No right of a single object beside IAM's, and none for everybody, whatever a policy says.
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning=BucketVersioningArgs(enabled=True),
            lifecycle_rules=_lifecycle(),
            # A protected stack keeps its bucket: it is not deleted while anything is in it, old versions too.
            force_destroy=not plan.cluster.deletion_protection,
            labels={"aigc-stack": plan.stack},
            opts=self.child(self._provider, (api,)),
        )

    def _files(self, folder: ModelFolderPlan, bucket: Bucket, root: Path) -> tuple[pulumi.Resource, ...]:
        return tuple(
            BucketObject(one.key, name=one.key, bucket=bucket.name, source=one.source, opts=self.child(self._provider))
            for one in model_objects(folder, root)
        )

    def _right(self, endpoint: str, mount: MountPlan, bucket: Bucket, cluster: ClusterHandle) -> pulumi.Resource:
        """After the cluster: the project's pool of identities comes with its first one."""
        right: pulumi.Resource = BucketIAMMember(
            endpoint,
            bucket=bucket.name,
            role=VIEWER_ROLE,
            member=pods_of(self._plan.project or "", MODELS_NAMESPACE, mount.service_account),
            opts=self.child(self._provider, cluster.ready),
        )
        return right


def _lifecycle() -> list[BucketLifecycleRuleArgs]:
    return [
        BucketLifecycleRuleArgs(
            action=BucketLifecycleRuleActionArgs(type="Delete"),
            condition=BucketLifecycleRuleConditionArgs(days_since_noncurrent_time=KEPT_DAYS),
        ),
        BucketLifecycleRuleArgs(
            action=BucketLifecycleRuleActionArgs(type="AbortIncompleteMultipartUpload"),
            condition=BucketLifecycleRuleConditionArgs(age=UPLOAD_DAYS),
        ),
    ]
