"""What the resource types of the provider `aws` for buckets are to S3's API."""

from __future__ import annotations

from tests.contracts.aws_eks_rows import IN_THE_HOST, RENAMED
from tests.contracts.rules import At, NotCovered, Pairs, Row

NESTED = "the provider lifts it out of an object of its own"
BLOCK = "PublicAccessBlockConfiguration"

BUCKET = Row(
    "aws:s3/bucket:Bucket",
    "s3",
    "CreateBucket",
    {
        "region": IN_THE_HOST,
        "forceDestroy": NotCovered("whether the provider empties the bucket before it deletes it"),
        "tags": Pairs(
            "CreateBucketConfiguration.Tags[].Key",
            "CreateBucketConfiguration.Tags[].Value",
            "the API has a list of tags",
        ),
    },
)

VERSIONING = Row(
    "aws:s3/bucketVersioning:BucketVersioning",
    "s3",
    "PutBucketVersioning",
    {"region": IN_THE_HOST},
)

ENCRYPTION = Row(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "s3",
    "PutBucketEncryption",
    {
        "region": IN_THE_HOST,
        "rules": At("ServerSideEncryptionConfiguration.Rules", NESTED),
        "rules.applyServerSideEncryptionByDefault.sseAlgorithm": At("SSEAlgorithm", RENAMED),
        "rules.applyServerSideEncryptionByDefault.kmsMasterKeyId": At("KMSMasterKeyID", RENAMED),
    },
)

ACCESS_BLOCK = Row(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "s3",
    "PutPublicAccessBlock",
    {
        "region": IN_THE_HOST,
        **{
            name: At(f"{BLOCK}.{name[0].upper()}{name[1:]}", NESTED)
            for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        },
    },
)

LIFECYCLE = Row(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "s3",
    "PutBucketLifecycleConfiguration",
    {
        "region": IN_THE_HOST,
        "rules": At("LifecycleConfiguration.Rules", NESTED),
        "rules.id": At("ID", RENAMED),
    },
)

POLICY = Row("aws:s3/bucketPolicy:BucketPolicy", "s3", "PutBucketPolicy", {"region": IN_THE_HOST})

OBJECT = Row(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "s3",
    "PutObject",
    {
        "region": IN_THE_HOST,
        "source": NotCovered("the file that the provider reads and sends as the body"),
        "tags": At("Tagging", "the API has one text of all tags", converted=True),
    },
)

AWS_STORAGE_ROWS = (BUCKET, VERSIONING, ENCRYPTION, ACCESS_BLOCK, LIFECYCLE, POLICY, OBJECT)
