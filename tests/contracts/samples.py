"""Inputs as programs of this kind write them, in the providers' spelling: what no stack has yet is checked on these."""

from __future__ import annotations

from typing import Any

from scripts.engine.graph import Resource
from scripts.engine.wire import UNKNOWN
from tests.contracts.aws_sagemaker_samples import AWS_SAGEMAKER
from tests.contracts.gcp_tpu_samples import GCP_TPU

ACCOUNT = "123456789012"
TRUST = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'
KEEP_TEN = (
    '{"rules": [{"rulePriority": 1, "action": {"type": "expire"}, "selection": '
    '{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 10}}]}'
)
TAGS = {"aigc-stack": "aws-dev"}

AWS_NETWORK: dict[str, dict[str, Any]] = {
    "aws:ec2/vpc:Vpc": {
        "cidrBlock": "10.20.0.0/16", "enableDnsHostnames": True, "enableDnsSupport": True, "instanceTenancy": "default",
        "tags": {"Name": "aigc-aws-dev", **TAGS},
    },
    "aws:ec2/subnet:Subnet": {
        "vpcId": UNKNOWN, "cidrBlock": "10.20.0.0/20", "availabilityZone": "us-east-1a", "mapPublicIpOnLaunch": False,
        "privateDnsHostnameTypeOnLaunch": "resource-name", "tags": {"kubernetes.io/role/internal-elb": "1"},
    },
    "aws:ec2/internetGateway:InternetGateway": {"vpcId": UNKNOWN, "tags": TAGS},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {
        "vpcId": UNKNOWN, "serviceName": "com.amazonaws.us-east-1.s3", "vpcEndpointType": "Gateway",
        "routeTableIds": [UNKNOWN], "autoAccept": True, "tags": TAGS,
    },
    "aws:ec2/eip:Eip": {"domain": "vpc", "tags": TAGS},
    "aws:ec2/natGateway:NatGateway": {
        "allocationId": UNKNOWN, "subnetId": UNKNOWN, "connectivityType": "public", "tags": TAGS,
    },
    "aws:ec2/routeTable:RouteTable": {
        "vpcId": UNKNOWN, "tags": TAGS, "routes": [{"cidrBlock": "0.0.0.0/0", "natGatewayId": UNKNOWN}],
    },
    "aws:ec2/route:Route": {"routeTableId": UNKNOWN, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN},
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {"routeTableId": UNKNOWN, "subnetId": UNKNOWN},
    "aws:ec2/securityGroup:SecurityGroup": {
        "name": "aigc-aws-dev-nodes", "vpcId": UNKNOWN, "revokeRulesOnDelete": True, "tags": TAGS,
        "ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/8", "10.20.0.0/16"],
                     "description": "webhooks"},
                    {"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}],
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "securityGroups": [UNKNOWN]}],
    },
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "name": "aigc-aws-dev-l4", "description": "nodes with one L4", "imageId": "ami-0123456789abcdef0",
        "instanceType": "g6.2xlarge", "ebsOptimized": "true", "updateDefaultVersion": True, "tags": TAGS,
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {
            "volumeSize": 100, "volumeType": "gp3", "iops": 3000, "throughput": 125, "encrypted": "true",
            "deleteOnTermination": "true"}}],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"},
        "networkInterfaces": [{"deviceIndex": 0, "networkCardIndex": 0, "interfaceType": "efa",
                               "associatePublicIpAddress": "false", "securityGroups": [UNKNOWN]}],
        "capacityReservationSpecification": {"capacityReservationTarget": {"capacityReservationId": "cr-0123456789"}},
        "instanceMarketOptions": {"marketType": "capacity-block"},
        "placement": {"groupName": "together", "tenancy": "default"},
        "monitoring": {"enabled": True},
        "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}, {"resourceType": "volume", "tags": TAGS}],
        "vpcSecurityGroupIds": [UNKNOWN],
        "userData": "IyEvYmluL2Jhc2g=",
    },
}  # fmt: skip

AWS_CLUSTER: dict[str, dict[str, Any]] = {
    "aws:eks/cluster:Cluster": {
        "name": "aigc-aws-dev", "roleArn": UNKNOWN, "version": "1.36", "bootstrapSelfManagedAddons": False,
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        "vpcConfig": {"subnetIds": [UNKNOWN, UNKNOWN], "endpointPrivateAccess": True, "endpointPublicAccess": True,
                      "publicAccessCidrs": ["0.0.0.0/0"]},
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4",
                                    "elasticLoadBalancing": {"enabled": False}},
        "computeConfig": {"enabled": False}, "storageConfig": {"blockStorage": {"enabled": False}},
        "enabledClusterLogTypes": ["api", "audit", "authenticator"], "upgradePolicy": {"supportType": "STANDARD"},
        "encryptionConfig": {"provider": {"keyArn": UNKNOWN}, "resources": ["secrets"]}, "tags": TAGS,
        "deletionProtection": False, "zonalShiftConfig": {"enabled": True},
    },
    "aws:eks/nodeGroup:NodeGroup": {
        "clusterName": "aigc-aws-dev", "nodeGroupName": "l4-spot", "nodeRoleArn": UNKNOWN, "subnetIds": [UNKNOWN],
        "amiType": "AL2023_x86_64_NVIDIA", "capacityType": "SPOT", "instanceTypes": ["g6.2xlarge", "g6.4xlarge"],
        "diskSize": 100, "scalingConfig": {"minSize": 0, "maxSize": 2, "desiredSize": 0},
        "labels": {"aigc/pool": "l4-spot"}, "version": "1.36", "tags": TAGS, "forceUpdateVersion": False,
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "updateConfig": {"maxUnavailable": 1}, "nodeRepairConfig": {"enabled": True},
        "launchTemplate": {"id": UNKNOWN, "version": UNKNOWN},
    },
    "aws:eks/addon:Addon": {
        "clusterName": UNKNOWN, "addonName": "vpc-cni", "addonVersion": "v1.20.0-eksbuild.1",
        "configurationValues": '{"enableNetworkPolicy": "true"}', "resolveConflictsOnCreate": "OVERWRITE",
        "resolveConflictsOnUpdate": "PRESERVE", "preserve": False, "tags": TAGS,
        "podIdentityAssociations": [{"roleArn": UNKNOWN, "serviceAccount": "aws-node"}],
    },
    "aws:eks/accessEntry:AccessEntry": {
        "clusterName": UNKNOWN, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/operators", "type": "STANDARD",
        "kubernetesGroups": ["operators"], "userName": "operators",
    },
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "clusterName": UNKNOWN, "principalArn": f"arn:aws:iam::{ACCOUNT}:role/operators",
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        "accessScope": {"type": "namespace", "namespaces": ["models"]},
    },
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "clusterName": UNKNOWN, "namespace": "models", "serviceAccount": "triton", "roleArn": UNKNOWN, "tags": TAGS,
    },
    "aws:cloudwatch/logGroup:LogGroup": {
        "name": "/aws/eks/aigc-aws-dev/cluster", "retentionInDays": 30, "skipDestroy": False, "tags": TAGS,
    },
    "aws:iam/role:Role": {
        "name": "aigc-aws-dev-nodes", "assumeRolePolicy": TRUST, "path": "/aigc/", "maxSessionDuration": 3600,
        "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"], "forceDetachPolicies": True,
        "inlinePolicies": [{"name": "read", "policy": TRUST}], "tags": TAGS, "description": "Nodes",
    },
    "aws:iam/rolePolicy:RolePolicy": {"name": "read", "role": UNKNOWN, "policy": TRUST},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": UNKNOWN, "policyArn": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    },
    "aws:iam/policy:Policy": {"name": "aigc-autoscaler", "policy": TRUST, "description": "Scale", "tags": TAGS},
    "aws:ecr/repository:Repository": {
        "name": "aigc/triton-gpt", "imageTagMutability": "IMMUTABLE", "forceDelete": True, "tags": TAGS,
        "imageScanningConfiguration": {"scanOnPush": True}, "encryptionConfigurations": [{"encryptionType": "AES256"}],
    },
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": {"repository": UNKNOWN, "policy": KEEP_TEN, "region": "us-east-1"},
    "aws:autoscaling/tag:Tag": {
        "autoscalingGroupName": UNKNOWN,
        "tag": {"key": "k8s.io/cluster-autoscaler/node-template/label/aigc/pool", "value": "l4-spot",
                "propagateAtLaunch": False},
    },
}  # fmt: skip

AWS_KARPENTER: dict[str, dict[str, Any]] = {
    "aws:iam/instanceProfile:InstanceProfile": {"name": "aigc-aws-dev", "role": UNKNOWN, "path": "/", "tags": TAGS},
    "aws:sqs/queue:Queue": {
        "name": "aigc-aws-dev", "messageRetentionSeconds": 300, "sqsManagedSseEnabled": True, "tags": TAGS,
    },
    "aws:sqs/queuePolicy:QueuePolicy": {"queueUrl": UNKNOWN, "policy": TRUST},
    "aws:cloudwatch/eventRule:EventRule": {
        "name": "aigc-aws-dev-rebalance", "eventPattern": '{"source": ["aws.ec2"]}', "state": "ENABLED",
        "description": "machines that will go", "tags": TAGS,
    },
    "aws:cloudwatch/eventTarget:EventTarget": {"rule": UNKNOWN, "arn": UNKNOWN, "targetId": "karpenter"},
    "aws:ec2/tag:Tag": {"resourceId": UNKNOWN, "key": "karpenter.sh/discovery", "value": "aigc-aws-dev"},
}  # fmt: skip

GCP: dict[str, dict[str, Any]] = {
    "gcp:container/nodePool:NodePool": {
        "name": "tpu", "cluster": "aigc-gcp-dev", "location": "us-central1", "nodeLocations": ["us-central1-a"],
        "nodeCount": 4, "maxPodsPerNode": 32, "version": "1.37", "project": "aigc-dev",
        "placementPolicy": {"type": "COMPACT", "tpuTopology": "2x4"}, "queuedProvisioning": {"enabled": False},
        "networkConfig": {"enablePrivateNodes": True},
        "upgradeSettings": {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0},
        "nodeConfig": {
            "machineType": "ct6e-standard-4t", "spot": False, "flexStart": False, "maxRunDuration": "86400s",
            "diskType": "hyperdisk-balanced",
            "reservationAffinity": {"consumeReservationType": "SPECIFIC_RESERVATION", "values": ["tpus"],
                                    "key": "compute.googleapis.com/reservation-name"},
            "guestAccelerators": [{"type": "nvidia-l4", "count": 1, "gpuPartitionSize": "1g.5gb", "gpuSharingConfig": {
                "gpuSharingStrategy": "TIME_SHARING", "maxSharedClientsPerGpu": 4}}],
        },
    },
    "gcp:container/cluster:Cluster": {
        "name": "aigc-gcp-dev", "location": "us-central1", "project": "aigc-dev", "enableShieldedNodes": True,
        "enableIntranodeVisibility": True, "nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}]},
        "nodePools": [{"name": "default-pool", "initialNodeCount": 1, "nodeLocations": ["us-central1-a"],
                       "nodeConfig": {"guestAccelerators": [{"type": "nvidia-l4", "count": 1}]}}],
    },
    "gcp:compute/network:Network": {
        "name": "aigc", "project": "aigc-dev", "routingMode": "REGIONAL", "deleteDefaultRoutesOnCreate": False,
    },
    "gcp:compute/resourcePolicy:ResourcePolicy": {
        "name": "aigc-gcp-dev-tpu", "project": "aigc-dev", "region": "us-central1",
        "workloadPolicy": {"type": "HIGH_THROUGHPUT", "acceleratorTopology": "2x2x2"},
    },
    "gcp:compute/router:Router": {
        "name": "aigc", "project": "aigc-dev", "region": "us-central1", "network": "aigc",
    },
}  # fmt: skip

AZURE: dict[str, dict[str, Any]] = {
    "azure-native:authorization:ManagementLockByScope": {
        "lockName": "deletion-protection", "scope": UNKNOWN, "level": "CanNotDelete", "notes": "Serves a stack",
    },
    "azure-native:containerservice:AgentPool": {
        "agentPoolName": "a100", "resourceName": UNKNOWN, "resourceGroupName": "aigc", "mode": "User", "count": 0,
        "gpuInstanceProfile": "MIG1g", "availabilityZones": ["1", "2"], "upgradeSettings": {"maxSurge": "10%"},
    },
}  # fmt: skip

CLOUD_SAMPLES = {**AWS_NETWORK, **AWS_CLUSTER, **AWS_KARPENTER, **AWS_SAGEMAKER, **GCP, **GCP_TPU, **AZURE}


def sample_resources() -> tuple[Resource, ...]:
    """The samples as resources of a stack `sample`."""
    return tuple(
        Resource(f"urn:pulumi:sample::aigc::{kind}::sample", kind, "sample", "", True, inputs)
        for kind, inputs in CLOUD_SAMPLES.items()
    )
