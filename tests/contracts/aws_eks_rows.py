"""What the resource types of the provider `aws` for clusters, images, logs and rights are to AWS's APIs."""

from __future__ import annotations

from tests.contracts.rules import At, NotCovered, Pairs, Row

RENAMED = "the provider says it in other words"
ONE_OF_A_LIST = "the provider takes one where the API has a list"
IN_THE_HOST = NotCovered("the region is in the name of the host that the provider asks")
RANDOM_NAME = NotCovered("the provider adds a random ending and sends the whole as the name")
BY_ITSELF = "a request of its own"
TAGS = Pairs("Tags[].Key", "Tags[].Value", "the API has a list of tags")

CLUSTER = Row(
    "aws:eks/cluster:Cluster",
    "eks",
    "CreateCluster",
    {
        "region": IN_THE_HOST,
        "vpcConfig": At("resourcesVpcConfig", RENAMED),
        "enabledClusterLogTypes": At(
            "logging.clusterLogging[].types", "the API says for each list of types what to do"
        ),
        "encryptionConfig": At("encryptionConfig[]", ONE_OF_A_LIST),
        "remoteNetworkConfig.remoteNodeNetworks": At("remoteNodeNetworks[]", ONE_OF_A_LIST),
        "remoteNetworkConfig.remotePodNetworks": At("remotePodNetworks[]", ONE_OF_A_LIST),
        "forceUpdateVersion": At("UpdateClusterVersion:force", BY_ITSELF),
        "defaultAddonsToRemoves": NotCovered("kept for clusters of other providers; ours does nothing with it"),
    },
)

NODE_GROUP = Row(
    "aws:eks/nodeGroup:NodeGroup",
    "eks",
    "CreateNodegroup",
    {
        "region": IN_THE_HOST,
        "nodeGroupName": At("nodegroupName", RENAMED),
        "nodeGroupNamePrefix": RANDOM_NAME,
        "nodeRoleArn": At("nodeRole", RENAMED),
        "subnetIds": At("subnets", RENAMED),
        "instanceTypes": (
            At("instanceTypes", "any text to EKS"),
            At("ec2/InstanceType:", "which hands it to EC2, whose model names every type", each=True),
        ),
        "remoteAccess.sourceSecurityGroupIds": At("sourceSecurityGroups", RENAMED),
        "forceUpdateVersion": At("UpdateNodegroupVersion:force", BY_ITSELF),
    },
    filled={"nodegroupName": "a random name where none is given"},
)

ADDON = Row(
    "aws:eks/addon:Addon",
    "eks",
    "CreateAddon",
    {
        "region": IN_THE_HOST,
        "resolveConflictsOnCreate": At("resolveConflicts", "it may differ between creation and update"),
        "resolveConflictsOnUpdate": At("UpdateAddon:resolveConflicts", "it may differ between creation and update"),
        "preserve": At("DeleteAddon:preserve", BY_ITSELF),
    },
)

ACCESS_ENTRY = Row(
    "aws:eks/accessEntry:AccessEntry",
    "eks",
    "CreateAccessEntry",
    {"region": IN_THE_HOST, "userName": At("username", RENAMED)},
)

ACCESS_POLICY = Row(
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "eks",
    "AssociateAccessPolicy",
    {"region": IN_THE_HOST},
)

POD_IDENTITY = Row(
    "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    "eks",
    "CreatePodIdentityAssociation",
    {"region": IN_THE_HOST},
)

ROLE = Row(
    "aws:iam/role:Role",
    "iam",
    "CreateRole",
    {
        "name": At("RoleName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "assumeRolePolicy": At("AssumeRolePolicyDocument", RENAMED, converted=True),
        "managedPolicyArns": At("AttachRolePolicy:PolicyArn", BY_ITSELF, each=True),
        "inlinePolicies": At("PutRolePolicy:", BY_ITSELF, each=True),
        "inlinePolicies.name": At("PolicyName", RENAMED),
        "inlinePolicies.policy": At("PolicyDocument", RENAMED, converted=True),
        "forceDetachPolicies": NotCovered("the provider detaches the role's policies before it deletes the role"),
        "tags": TAGS,
    },
)

ROLE_POLICY = Row(
    "aws:iam/rolePolicy:RolePolicy",
    "iam",
    "PutRolePolicy",
    {
        "name": At("PolicyName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "role": At("RoleName", RENAMED),
        "policy": At("PolicyDocument", RENAMED, converted=True),
    },
)

ROLE_POLICY_ATTACHMENT = Row(
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "iam",
    "AttachRolePolicy",
    {"role": At("RoleName", RENAMED)},
)

POLICY = Row(
    "aws:iam/policy:Policy",
    "iam",
    "CreatePolicy",
    {
        "name": At("PolicyName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "policy": At("PolicyDocument", RENAMED, converted=True),
        "delayAfterPolicyCreationInMs": NotCovered("how long the provider waits until the policy is known everywhere"),
        "tags": TAGS,
    },
)

REPOSITORY = Row(
    "aws:ecr/repository:Repository",
    "ecr",
    "CreateRepository",
    {
        "region": IN_THE_HOST,
        "name": At("repositoryName", RENAMED),
        "encryptionConfigurations": At(
            "encryptionConfiguration", "the provider takes a list of at most one", each=True
        ),
        "forceDelete": At("DeleteRepository:force", BY_ITSELF),
        "tags": Pairs("tags[].Key", "tags[].Value", "the API has a list of tags"),
    },
)

LIFECYCLE_POLICY = Row(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "ecr",
    "PutLifecyclePolicy",
    {
        "region": IN_THE_HOST,
        "repository": At("repositoryName", RENAMED),
        "policy": At("lifecyclePolicyText", RENAMED, converted=True),
    },
)

GROUP_TAG = Row(
    "aws:autoscaling/tag:Tag",
    "autoscaling",
    "CreateOrUpdateTags",
    {
        "region": IN_THE_HOST,
        "autoscalingGroupName": At("Tags[].ResourceId", "the API has a list of tags"),
        "tag": At("Tags[]", ONE_OF_A_LIST),
    },
)

LOG_GROUP = Row(
    "aws:cloudwatch/logGroup:LogGroup",
    "logs",
    "CreateLogGroup",
    {
        "region": IN_THE_HOST,
        "name": At("logGroupName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "retentionInDays": At("PutRetentionPolicy:retentionInDays", BY_ITSELF),
        "skipDestroy": NotCovered("the provider leaves the group when the resource is deleted"),
    },
)

AWS_CLUSTER_ROWS = (
    CLUSTER, NODE_GROUP, ADDON, ACCESS_ENTRY, ACCESS_POLICY, POD_IDENTITY, ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT,
    POLICY, REPOSITORY, LIFECYCLE_POLICY, GROUP_TAG, LOG_GROUP,
)  # fmt: skip
