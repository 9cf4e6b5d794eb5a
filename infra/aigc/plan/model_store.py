"""Models from buckets: which folders the stack fills, what they are called, and how each cloud mounts them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc.catalog import limits
from aigc.catalog.kinds import Cloud, SourceKind
from aigc.config.spec import ModelSpec, StackSpec
from aigc.plan.capacity import GCSFUSE_CPU_MILLICORES, GCSFUSE_MEMORY_MIB
from aigc.plan.content_hash import files_hash, model_files, size_mib
from aigc.plan.model_store_plan import ModelFolderPlan, ModelStorePlan, MountPlan
from aigc.plan.names import cluster_name, endpoint_name, physical
from aigc.plan.repository import Model
from aigc.plan.stack_plan import EndpointPlan, SourcePlan
from aigc.plan.triton_image import image_without_models

S3_DRIVER = "s3.csi.aws.com"
"""Mountpoint for S3 (awslabs/mountpoint-s3-csi-driver, docs/CONFIGURATION.md): PersistentVolumes made by hand alone."""
GCS_DRIVER = "gcsfuse.csi.storage.gke.io"
"""Cloud Storage FUSE (gcs-fuse-csi-driver, docs/usage.md): volumes that the pod describes, mounted in a container that
the driver puts into each pod with the annotation."""
BLOB_DRIVER = "blob.csi.azure.com"
"""Azure Blob (blob-csi-driver, docs/workload-identity-static-pv-mount.md)."""
BLOB_DOMAIN = "blob.core.windows.net"
_GCSFUSE: dict[str, Any] = {
    "annotations": {
        "gke-gcsfuse/volumes": "true",
        "gke-gcsfuse/cpu-limit": f"{GCSFUSE_CPU_MILLICORES}m",
        "gke-gcsfuse/memory-limit": f"{GCSFUSE_MEMORY_MIB}Mi",
        # Of what is written alone, and nothing is; its default of 5 GiB would count against the node's disk.
        "gke-gcsfuse/ephemeral-storage-limit": "1Gi",
    },
    "cpu_millicores": GCSFUSE_CPU_MILLICORES,
    "memory_mib": GCSFUSE_MEMORY_MIB,
}


@dataclass(frozen=True)
class _Delivery:
    driver: str
    by_claim: bool
    in_pod: dict[str, Any] = field(default_factory=dict)
    """Fields of the mount where the driver has a container in the pod."""


_DELIVERIES = {
    Cloud.AWS: _Delivery(S3_DRIVER, by_claim=True),
    # Volumes of one bucket have one handle, so that a node would take a second PersistentVolume for the first
    # (gcs-fuse-csi-driver, docs/known-issues.md, issue 48).
    Cloud.GCP: _Delivery(GCS_DRIVER, by_claim=False, in_pod=_GCSFUSE),
    # It names an identity that is there only after it was made: in the PersistentVolume, so that pods stay known.
    Cloud.AZURE: _Delivery(BLOB_DRIVER, by_claim=True),
}
CLOUDS_WITH_BUCKETS = frozenset(_DELIVERIES)


def is_filled(asked: ModelSpec) -> bool:
    """Whether the stack itself puts the model's files into a bucket, rather than somebody else."""
    return asked.source.kind is SourceKind.BUCKET and asked.source.uri is None


def model_store(
    spec: StackSpec, stack: str, models: Mapping[str, Sequence[Model]], repository: Path
) -> ModelStorePlan | None:
    """What a stack fills, in the file's order; None where it fills nothing."""
    folders = tuple(
        _folder(spec, stack, name, models[name], repository) for name, asked in spec.models.items() if is_filled(asked)
    )
    return ModelStorePlan(account=_account(spec, stack), folders=folders) if folders else None


def _folder(spec: StackSpec, stack: str, model: str, served: Sequence[Model], repository: Path) -> ModelFolderPlan:
    name, digest = endpoint_name(model), files_hash(repository, served)
    files = [path for one in served for _, path in model_files(repository / one.name)]
    bucket = _bucket(spec, stack, name)
    return ModelFolderPlan(
        endpoint=name,
        models=tuple(one.name for one in served),
        bucket=bucket,
        content_hash=digest,
        uri=f"{_root(spec, stack, bucket)}/{name}/{digest}/",
        files=len(files),
        size_mib=size_mib(repository, served),
    )


def _bucket(spec: StackSpec, stack: str, endpoint: str) -> str:
    """Names are the whole world's on S3 and Google Cloud: account and project, which are its too, keep them apart.

    A right on S3 can end at a folder; on Google Cloud and Azure it is a bucket's or a container's, so each model has
    one.
    """
    cluster = cluster_name(stack)
    if spec.cloud is Cloud.AZURE:
        return physical(f"models-{endpoint}", limits.BUCKET_NAME_CHARS)
    if spec.cloud is Cloud.GCP:
        return physical(f"{spec.project}-{cluster}-{endpoint}", limits.BUCKET_NAME_CHARS)
    return physical(f"{cluster}-models-{spec.account}", limits.BUCKET_NAME_CHARS)


def _account(spec: StackSpec, stack: str) -> str | None:
    """A storage account has 24 letters and digits, the whole world's too: too few for anything but a hash."""
    if spec.cloud is not Cloud.AZURE:
        return None
    digest = hashlib.sha256(f"{spec.subscription}/{cluster_name(stack)}".encode()).hexdigest()
    return f"aigc{digest}"[: limits.STORAGE_ACCOUNT_NAME_CHARS]


def _root(spec: StackSpec, stack: str, bucket: str) -> str:
    if spec.cloud is Cloud.AZURE:
        return f"https://{_account(spec, stack)}.{BLOB_DOMAIN}/{bucket}"
    return f"{'gs' if spec.cloud is Cloud.GCP else 's3'}://{bucket}"


def with_files(
    spec: StackSpec,
    endpoints: Iterable[EndpointPlan],
    store: ModelStorePlan | None,
    models: Mapping[str, Sequence[Model]],
    repository: Path,
) -> tuple[EndpointPlan, ...]:
    """The same endpoints; those whose folder the stack fills get it, an image without models, and a volume."""
    served = {endpoint_name(name): each for name, each in models.items()}
    made = []
    for endpoint in endpoints:
        folder = store.folder_of(endpoint.name) if store else None
        if store and folder:
            image = image_without_models(spec, repository, served[endpoint.name])
            source = bucket_source(spec.cloud, store, folder, image or "")
            made.append(endpoint.model_copy(update={"source": source}))
        else:
            made.append(endpoint)
    return tuple(made)


def bucket_source(cloud: Cloud, store: ModelStorePlan, folder: ModelFolderPlan, image: str) -> SourcePlan:
    """A folder of the store as its endpoint's pods get it."""
    delivery = _DELIVERIES[cloud]
    mount = MountPlan(
        driver=delivery.driver,
        bucket=folder.bucket,
        account=store.account,
        folder=folder.folder,
        service_account=folder.endpoint,
        claim=f"{folder.endpoint}-files" if delivery.by_claim else None,
        **delivery.in_pod,
    )
    return SourcePlan(
        kind=SourceKind.BUCKET, image=image, uri=folder.uri, content_hash=folder.content_hash, mount=mount
    )
