"""What the resource types of the provider `aws` that Karpenter needs are to AWS's APIs."""

from __future__ import annotations

from tests.contracts.aws_eks_rows import BY_ITSELF, IN_THE_HOST, ONE_OF_A_LIST, RANDOM_NAME, RENAMED, TAGS
from tests.contracts.rules import At, NotCovered, Row

ATTRIBUTE = NotCovered("one of a map of attributes, all of them texts to the model")

INSTANCE_PROFILE = Row(
    "aws:iam/instanceProfile:InstanceProfile",
    "iam",
    "CreateInstanceProfile",
    {
        "name": At("InstanceProfileName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "role": At("AddRoleToInstanceProfile:RoleName", BY_ITSELF),
        "tags": TAGS,
    },
)

QUEUE = Row(
    "aws:sqs/queue:Queue",
    "sqs",
    "CreateQueue",
    {
        "region": IN_THE_HOST,
        "name": At("QueueName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "messageRetentionSeconds": ATTRIBUTE,
        "sqsManagedSseEnabled": ATTRIBUTE,
    },
)

QUEUE_POLICY = Row(
    "aws:sqs/queuePolicy:QueuePolicy",
    "sqs",
    "SetQueueAttributes",
    {"region": IN_THE_HOST, "policy": ATTRIBUTE},
    filled={"Attributes": "the policy, as one of them"},
)

EVENT_RULE = Row(
    "aws:cloudwatch/eventRule:EventRule",
    "events",
    "PutRule",
    {
        "region": IN_THE_HOST,
        "namePrefix": RANDOM_NAME,
        "forceDestroy": At("DeleteRule:Force", BY_ITSELF),
        "tags": TAGS,
    },
)

EVENT_TARGET = Row(
    "aws:cloudwatch/eventTarget:EventTarget",
    "events",
    "PutTargets",
    {
        "region": IN_THE_HOST,
        "arn": At("Targets[].Arn", ONE_OF_A_LIST),
        "targetId": At("Targets[].Id", ONE_OF_A_LIST),
    },
)

EC2_TAG = Row(
    "aws:ec2/tag:Tag",
    "ec2",
    "CreateTags",
    {
        "region": IN_THE_HOST,
        "resourceId": At("Resources[]", ONE_OF_A_LIST),
        "key": At("Tags[].Key", ONE_OF_A_LIST),
        "value": At("Tags[].Value", ONE_OF_A_LIST),
    },
)

AWS_KARPENTER_ROWS = (INSTANCE_PROFILE, QUEUE, QUEUE_POLICY, EVENT_RULE, EVENT_TARGET, EC2_TAG)
