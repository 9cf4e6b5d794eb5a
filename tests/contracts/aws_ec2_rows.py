"""What the resource types of the provider `aws` for networks and machines are to EC2's API."""

from __future__ import annotations

from collections.abc import Iterable

from tests.contracts.aws_eks_rows import BY_ITSELF, IN_THE_HOST, RANDOM_NAME, RENAMED
from tests.contracts.rules import At, NotCovered, Pairs, Row, Rule

ATTRIBUTE = "an attribute that a request of its own changes"
TAGS = Pairs("TagSpecifications[].Tags[].Key", "TagSpecifications[].Tags[].Value", "the API has a list for each type")
COMMON: dict[str, Rule] = {"region": IN_THE_HOST, "tags": TAGS}


def upper(name: str) -> str:
    """EC2 begins its names with a capital."""
    return name[:1].upper() + name[1:]


def attributes(request: str, names: Iterable[str]) -> dict[str, Rule]:
    """Booleans that EC2 changes one by one."""
    return {name: At(f"{request}:{upper(name)}.Value", ATTRIBUTE) for name in names}


VPC = Row(
    "aws:ec2/vpc:Vpc",
    "ec2",
    "CreateVpc",
    {
        **COMMON,
        **attributes(
            "ModifyVpcAttribute", ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
        ),
        "assignGeneratedIpv6CidrBlock": At("AmazonProvidedIpv6CidrBlock", RENAMED),
    },
)

SUBNET = Row(
    "aws:ec2/subnet:Subnet",
    "ec2",
    "CreateSubnet",
    {
        **COMMON,
        **attributes("ModifySubnetAttribute", ("mapPublicIpOnLaunch", "assignIpv6AddressOnCreation", "enableDns64",
                                               "enableResourceNameDnsARecordOnLaunch")),
        "privateDnsHostnameTypeOnLaunch": At("ModifySubnetAttribute:PrivateDnsHostnameTypeOnLaunch", ATTRIBUTE),
    },
)  # fmt: skip

ROUTE_FIELDS: dict[str, Rule] = {"egressOnlyGatewayId": At("EgressOnlyInternetGatewayId", RENAMED)}

ROUTE_TABLE = Row(
    "aws:ec2/routeTable:RouteTable",
    "ec2",
    "CreateRouteTable",
    {
        **COMMON,
        "routes": At("CreateRoute:", BY_ITSELF, each=True),
        "routes.cidrBlock": At("DestinationCidrBlock", RENAMED),
        "routes.ipv6CidrBlock": At("DestinationIpv6CidrBlock", RENAMED),
        "routes.egressOnlyGatewayId": ROUTE_FIELDS["egressOnlyGatewayId"],
        "propagatingVgws": At("EnableVgwRoutePropagation:GatewayId", BY_ITSELF, each=True),
    },
)

ROUTE = Row("aws:ec2/route:Route", "ec2", "CreateRoute", {"region": IN_THE_HOST, **ROUTE_FIELDS})

ROUTE_TABLE_ASSOCIATION = Row(
    "aws:ec2/routeTableAssociation:RouteTableAssociation", "ec2", "AssociateRouteTable", {"region": IN_THE_HOST}
)

INTERNET_GATEWAY = Row(
    "aws:ec2/internetGateway:InternetGateway",
    "ec2",
    "CreateInternetGateway",
    {**COMMON, "vpcId": At("AttachInternetGateway:VpcId", BY_ITSELF)},
)

NAT_GATEWAY = Row(
    "aws:ec2/natGateway:NatGateway",
    "ec2",
    "CreateNatGateway",
    {**COMMON, "privateIp": At("PrivateIpAddress", RENAMED)},
)

VPC_ENDPOINT = Row(
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "ec2",
    "CreateVpcEndpoint",
    {
        **COMMON,
        "policy": At("PolicyDocument", RENAMED, converted=True),
        "autoAccept": NotCovered("the provider accepts the endpoint for the service when both are of one account"),
    },
)

ADDRESS = Row(
    "aws:ec2/eip:Eip",
    "ec2",
    "AllocateAddress",
    {
        **COMMON,
        "instance": At("AssociateAddress:InstanceId", BY_ITSELF),
        "networkInterface": At("AssociateAddress:NetworkInterfaceId", BY_ITSELF),
        "associateWithPrivateIp": At("AssociateAddress:PrivateIpAddress", BY_ITSELF),
    },
)

PERMISSION: dict[str, Rule] = {
    "protocol": At("IpProtocol", RENAMED),
    "cidrBlocks": At("IpRanges[].CidrIp", "the API describes each range", each=True),
    "ipv6CidrBlocks": At("Ipv6Ranges[].CidrIpv6", "the API describes each range", each=True),
    "prefixListIds": At("PrefixListIds[].PrefixListId", "the API describes each list", each=True),
    "securityGroups": At("UserIdGroupPairs[].GroupId", "the API describes each group", each=True),
    "description": At("IpRanges[].Description", "the API describes each range"),
    "self": NotCovered("the provider adds the group's own id, which exists only then"),
}

SECURITY_GROUP = Row(
    "aws:ec2/securityGroup:SecurityGroup",
    "ec2",
    "CreateSecurityGroup",
    {
        **COMMON,
        "name": At("GroupName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "ingress": At("AuthorizeSecurityGroupIngress:IpPermissions", BY_ITSELF),
        "egress": At("AuthorizeSecurityGroupEgress:IpPermissions", BY_ITSELF),
        **{f"{side}.{key}": rule for side in ("ingress", "egress") for key, rule in PERMISSION.items()},
        "revokeRulesOnDelete": NotCovered("the provider revokes every rule before it deletes the group"),
    },
    filled={"Description": "`Managed by Pulumi` where none is given"},
)

DATA = "LaunchTemplateData"
LIFTED = "the provider lifts the machine's description out of an object of its own"
OF_THE_MACHINE = (
    "blockDeviceMappings", "capacityReservationSpecification", "cpuOptions", "creditSpecification", "disableApiStop",
    "disableApiTermination", "enclaveOptions", "hibernationOptions", "iamInstanceProfile", "imageId",
    "instanceInitiatedShutdownBehavior", "instanceMarketOptions", "instanceRequirements", "instanceType", "kernelId",
    "keyName", "licenseSpecifications", "maintenanceOptions", "metadataOptions", "monitoring", "networkInterfaces",
    "networkPerformanceOptions", "placement", "privateDnsNameOptions", "ramDiskId", "tagSpecifications", "userData",
)  # fmt: skip

INTERFACE: dict[str, Rule] = {
    **{
        name: At(upper(name), "a boolean as text, so that none can be told from false", converted=True)
        for name in ("associateCarrierIpAddress", "associatePublicIpAddress", "deleteOnTermination", "primaryIpv6")
    },
    "securityGroups": At("Groups", RENAMED),
    "ipv4AddressCount": At("SecondaryPrivateIpAddressCount", RENAMED),
    "ipv4Addresses": At("PrivateIpAddresses[].PrivateIpAddress", "the API describes each address", each=True),
    "ipv6Addresses": At("Ipv6Addresses[].Ipv6Address", "the API describes each address", each=True),
    "ipv4Prefixes": At("Ipv4Prefixes[].Ipv4Prefix", "the API describes each prefix", each=True),
    "ipv6Prefixes": At("Ipv6Prefixes[].Ipv6Prefix", "the API describes each prefix", each=True),
}

LAUNCH_TEMPLATE = Row(
    "aws:ec2/launchTemplate:LaunchTemplate",
    "ec2",
    "CreateLaunchTemplate",
    {
        **COMMON,
        **{name: At(f"{DATA}.{upper(name)}", LIFTED) for name in OF_THE_MACHINE},
        "name": At("LaunchTemplateName", RENAMED),
        "namePrefix": RANDOM_NAME,
        "description": At("VersionDescription", RENAMED),
        "ebsOptimized": At(f"{DATA}.EbsOptimized", LIFTED, converted=True),
        "vpcSecurityGroupIds": At(f"{DATA}.SecurityGroupIds", RENAMED),
        "securityGroupNames": At(f"{DATA}.SecurityGroups", RENAMED),
        "blockDeviceMappings.ebs.deleteOnTermination": At("DeleteOnTermination", "a boolean as text", converted=True),
        "blockDeviceMappings.ebs.encrypted": At("Encrypted", "a boolean as text", converted=True),
        **{f"networkInterfaces.{key}": rule for key, rule in INTERFACE.items()},
        "tagSpecifications.tags": Pairs("Tags[].Key", "Tags[].Value", "the API has a list of tags"),
        "defaultVersion": At("ModifyLaunchTemplate:DefaultVersion", BY_ITSELF, converted=True),
        "updateDefaultVersion": NotCovered("the provider makes each new version the default"),
    },
)

AWS_EC2_ROWS = (
    VPC, SUBNET, ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION, INTERNET_GATEWAY, NAT_GATEWAY, VPC_ENDPOINT, ADDRESS,
    SECURITY_GROUP, LAUNCH_TEMPLATE,
)  # fmt: skip
