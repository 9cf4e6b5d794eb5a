"""What the resource types of the provider `gcp` for buckets are to Cloud Storage's API."""

from __future__ import annotations

from tests.contracts.gcp_rows import IN_THE_URL, NESTED, ONE_MEMBER
from tests.contracts.rules import At, NotCovered, Row

BUCKET = Row(
    "gcp:storage/bucket:Bucket",
    "storage.v1",
    "Bucket",
    {
        "project": At("storage.buckets.insert:project", IN_THE_URL),
        "uniformBucketLevelAccess": At("iamConfiguration.uniformBucketLevelAccess.enabled", NESTED),
        "publicAccessPrevention": At("iamConfiguration.publicAccessPrevention", NESTED),
        "lifecycleRules": At("lifecycle.rule", NESTED),
        "forceDestroy": NotCovered("whether the provider empties the bucket before it deletes it"),
    },
)

BUCKET_MEMBER = Row(
    "gcp:storage/bucketIAMMember:BucketIAMMember",
    "storage.v1",
    "Policy",
    {
        "bucket": At("storage.buckets.setIamPolicy:bucket", IN_THE_URL),
        "role": At("bindings[].role", ONE_MEMBER),
        "member": At("bindings[].members[]", ONE_MEMBER),
        "condition": At("bindings[].condition", ONE_MEMBER),
    },
)

OBJECT = Row(
    "gcp:storage/bucketObject:BucketObject",
    "storage.v1",
    "Object",
    {
        "bucket": At("storage.objects.insert:bucket", IN_THE_URL),
        "source": NotCovered("the file that the provider reads and sends as the body"),
    },
)

GCP_STORAGE_ROWS = (BUCKET, BUCKET_MEMBER, OBJECT)
