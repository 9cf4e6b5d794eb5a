"""Rules for buckets: nobody beside who was named reads them, and what was in them can be had back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aigc.policy.pods import pod_specs
from aigc.policy.rule import Finding, Rule, Weight
from aigc.policy.view import ResourceView, StackView, items, mapping

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_ENFORCED = "enforced"
_OLD_TLS = (None, "TLS1_0", "TLS1_1")
Open = Callable[[ResourceView, StackView], "str | None"]


def _s3_is_open(bucket: ResourceView, stack: StackView) -> str | None:
    """Of the block beside it: the two have one name, for the bucket's own may be unknown before it is made."""
    beside = stack.of_type("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    blocks = [one for one in beside if one.name == bucket.name]
    if not blocks:
        return "nothing blocks that it is made public"
    left = [name for name in _BLOCKS if blocks[0].inputs.get(name) is not True]
    return f"{', '.join(left)} is not set" if left else None


def _gcs_is_open(bucket: ResourceView, _: StackView) -> str | None:
    if bucket.inputs.get("publicAccessPrevention") != _ENFORCED:
        return "publicAccessPrevention is not enforced"
    return (
        None if bucket.inputs.get("uniformBucketLevelAccess") is True else "single objects may have rights of their own"
    )


def _account_is_open(account: ResourceView, _: StackView) -> str | None:
    if account.inputs.get("allowBlobPublicAccess") is not False:
        return "containers of it may be made public"
    if account.inputs.get("enableHttpsTrafficOnly") is False:
        return "it answers in the clear"
    return "it takes TLS older than 1.2" if account.inputs.get("minimumTlsVersion") in _OLD_TLS else None


def _s3_forgets(bucket: ResourceView, stack: StackView) -> bool:
    kept = (one for one in stack.of_type("aws:s3/bucketVersioning:BucketVersioning") if one.name == bucket.name)
    return not any(mapping(one.inputs.get("versioningConfiguration")).get("status") == "Enabled" for one in kept)


def _gcs_forgets(bucket: ResourceView, _: StackView) -> bool:
    return mapping(bucket.inputs.get("versioning")).get("enabled") is not True


def _account_forgets(account: ResourceView, stack: StackView) -> bool:
    kept = (one for one in stack.of_type("azure-native:storage:BlobServiceProperties") if one.name == account.name)
    return not any(one.inputs.get("isVersioningEnabled") is True for one in kept)


_OPEN: dict[str, Open] = {
    "aws:s3/bucket:Bucket": _s3_is_open,
    "gcp:storage/bucket:Bucket": _gcs_is_open,
    "azure-native:storage:StorageAccount": _account_is_open,
}
_FORGETS: dict[str, Callable[[ResourceView, StackView], bool]] = {
    "aws:s3/bucket:Bucket": _s3_forgets,
    "gcp:storage/bucket:Bucket": _gcs_forgets,
    "azure-native:storage:StorageAccount": _account_forgets,
}
_WRITABLE = "the bucket that it mounts may be written"
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")


def _closed(stack: StackView) -> Iterator[Finding]:
    for item in stack.of_type(*_OPEN):
        if problem := _OPEN[item.type](item, stack):
            yield Finding(item.urn, problem, "close it to everybody whom no right names")
    for item in stack.of_type("gcp:storage/bucketIAMMember:BucketIAMMember"):
        if item.inputs.get("member") in _EVERYBODY:
            yield Finding(item.urn, "everybody may read it", "name who may")
    for item in stack.of_type("azure-native:storage:BlobContainer"):
        if item.inputs.get("publicAccess") not in (None, "None"):
            yield Finding(item.urn, "everybody may read it", "set publicAccess to None")


def _versioned(stack: StackView) -> Iterator[Finding]:
    for item in stack.of_type(*_FORGETS):
        if _FORGETS[item.type](item, stack):
            yield Finding(item.urn, "what is overwritten or deleted in it is gone", "switch versioning on")


def _read_only(stack: StackView) -> Iterator[Finding]:
    """A model's pod that could write would change what every other reads."""
    for item in stack.objects("PersistentVolume"):
        spec = mapping(item.inputs.get("spec"))
        modes = [mode for mode in items(spec.get("accessModes")) if mode != "ReadOnlyMany"]
        if mapping(spec.get("csi")) and (modes or mapping(spec["csi"]).get("readOnly") is not True):
            yield Finding(item.urn, _WRITABLE, "mount it read-only")
    for item, pod in pod_specs(stack):
        volumes = (mapping(mapping(volume).get("csi")) for volume in items(pod.get("volumes")))
        if any(volume and volume.get("readOnly") is not True for volume in volumes):
            yield Finding(item.urn, _WRITABLE, "mount it read-only")


RULES = (
    Rule("buckets-are-closed", "Nobody unnamed reads a bucket.", Weight.MANDATORY, _closed),
    Rule("buckets-keep-versions", "What was in a bucket can be had back.", Weight.MANDATORY, _versioned),
    Rule("mounted-buckets-are-read-only", "Pods mount buckets read-only.", Weight.MANDATORY, _read_only, alone=True),
)
