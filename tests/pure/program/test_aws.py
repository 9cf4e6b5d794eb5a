"""What EKS is asked for, read off the graph that the engine sees and off the pure functions behind it."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from aigc.clouds.aws import node_group
from aigc.clouds.aws.kubeconfig import eks_token
from aigc.clouds.aws.subnets import control_plane_range, zone_subnets
from aigc.foundation.accelerators import nvidia_values as device_plugin_values
from aigc.foundation.node_autoscaler import chart_values as autoscaler_values
from aigc.plan.stack_plan import CapacityType, StackPlan, Taint
from scripts.engine.graph import Graph, Resource
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import AWS_ZONES, aws_plan, pool_plan
from tests.pure.program.pods import restricted_faults
from tests.pure.program.test_graph import ancestors, custom, one

VPC = "10.32.0.0/16"


@pytest.fixture(scope="module")
def aws() -> Graph:
    return graph_of(lambda: build(aws_plan()), "aws-test")


def of_type(graph: Graph, name: str) -> dict[str, Resource]:
    """Resources of AWS by their logical name; `name` is the class."""
    return {
        item.name: item for item in custom(graph) if item.type.startswith("aws:") and item.type.endswith(f":{name}")
    }


def test_subnets_are_apart_and_a_zone_added_later_moves_none() -> None:
    every = zone_subnets(VPC, tuple(f"us-east-1{letter}" for letter in "abcdef"))
    ranges = [IPv4Network(cidr) for one in every for cidr in (one.nodes, one.public, one.control_plane)]
    assert all(cidr.subnet_of(IPv4Network(VPC)) for cidr in ranges)
    assert not any(left.overlaps(right) for left in ranges for right in ranges if left is not right)
    assert zone_subnets(VPC, ("us-east-1d", "us-east-1b")) == (every[3], every[1])
    assert IPv4Network(every[0].nodes).num_addresses == 8192
    assert all(IPv4Network(one.control_plane).subnet_of(IPv4Network(control_plane_range(VPC))) for one in every)
    assert not any(IPv4Network(control_plane_range(VPC)).overlaps(IPv4Network(one.nodes)) for one in every)


def test_nodes_have_no_public_address_and_a_way_out_before_they_start(aws: Graph) -> None:
    subnets = of_type(aws, "Subnet")
    assert len(subnets) == 3 * len(AWS_ZONES)
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets.values())
    (nat,) = of_type(aws, "NatGateway").values()
    assert of_type(aws, "Route")["public"].urn in ancestors(aws, nat), "EC2 refuses a NAT gateway before the way out"
    before = ancestors(aws, of_type(aws, "NodeGroup")["gpu"])
    for needed in (*of_type(aws, "Route").values(), *of_type(aws, "VpcEndpoint").values()):
        assert needed.urn in before
    joined = {item.urn for name, item in of_type(aws, "RouteTableAssociation").items() if name.startswith("nodes-")}
    assert len(joined) == len(AWS_ZONES) and joined <= before


def test_a_zone_may_have_a_way_out_of_its_own() -> None:
    plan = aws_plan()
    cluster = plan.cluster.model_copy(update={"nat_gateway_per_zone": True})
    graph = graph_of(lambda: build(plan.model_copy(update={"cluster": cluster})), "aws-test")
    assert set(of_type(graph, "NatGateway")) == {f"nat-{zone}" for zone in AWS_ZONES}
    tables = of_type(graph, "RouteTable")
    for zone in AWS_ZONES:
        joined = of_type(graph, "RouteTableAssociation")[f"nodes-{zone}"]
        assert {tables[f"private-{other}"].urn for other in AWS_ZONES} & ancestors(graph, joined) == {
            tables[f"private-{zone}"].urn
        }
        assert of_type(graph, "NatGateway")[f"nat-{zone}"].urn in ancestors(
            graph, of_type(graph, "Route")[f"private-{zone}"]
        )
    layers = of_type(graph, "VpcEndpoint")["s3"]
    assert len(layers.inputs["routeTableIds"]) == len(AWS_ZONES)


def test_the_provider_works_on_one_account_and_marks_what_it_makes(aws: Graph) -> None:
    (provider,) = [item for item in custom(aws) if item.type == "pulumi:providers:aws"]
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["111122223333"]
    assert json.loads(provider.inputs["defaultTags"])["tags"]["aigc-stack"] == "aws-test"
    assert provider.inputs["region"] == "us-east-1"


def test_the_cluster_knows_people_by_iam_alone_and_protects_itself(aws: Graph) -> None:
    (cluster,) = of_type(aws, "Cluster").values()
    assert cluster.inputs["accessConfig"]["authenticationMode"] == "API"
    assert cluster.inputs["vpcConfig"]["endpointPrivateAccess"] is True
    assert len(cluster.inputs["vpcConfig"]["subnetIds"]) == len(AWS_ZONES)
    assert cluster.inputs["deletionProtection"] is True
    assert cluster.inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert {"audit", "authenticator"} <= set(cluster.inputs["enabledClusterLogTypes"])
    (logs,) = of_type(aws, "LogGroup").values()
    assert logs.inputs["name"] == "/aws/eks/aigc-aws-test/cluster" and logs.urn in ancestors(aws, cluster)
    assert not of_type(aws, "AccessKey")


def test_policies_are_enforced_from_the_first_node_on(aws: Graph) -> None:
    addons, groups = of_type(aws, "Addon"), of_type(aws, "NodeGroup").values()
    settings = json.loads(addons["vpc-cni"].inputs["configurationValues"])
    assert settings == {"enableNetworkPolicy": "true"}, "stacks that ship policies must enforce them"
    (cluster,) = of_type(aws, "Cluster").values()
    assert cluster.inputs["bootstrapSelfManagedAddons"] is False, "else another CNI would be there first"
    for group in groups:
        for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent"):
            assert addons[name].urn in ancestors(aws, group), "a node without them is never Ready"
        assert group.urn in ancestors(aws, addons["coredns"]), "its pods need a node"


def test_pods_that_talk_to_aws_have_roles_of_their_own(aws: Graph) -> None:
    attached = {
        item.inputs["policyArn"].rsplit("/")[-1]: item for item in of_type(aws, "RolePolicyAttachment").values()
    }
    assert set(attached) == {
        "AmazonEKSClusterPolicy",
        "AmazonEKSWorkerNodePolicy",
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKS_CNI_Policy",
    }
    roles = {item.urn: name for name, item in of_type(aws, "Role").items()}
    (owner,) = {roles[urn] for urn in attached["AmazonEKS_CNI_Policy"].dependencies if urn in roles}
    assert owner == "cni", "on the nodes' role every pod of a node's network had it"
    association = of_type(aws, "PodIdentityAssociation")["autoscaler"]
    where = (association.inputs["namespace"], association.inputs["serviceAccount"])
    release = next(item for item in custom(aws) if item.name == "cluster-autoscaler" and item.is_release)
    assert where == (release.inputs["namespace"], release.inputs["values"]["rbac"]["serviceAccount"]["name"])
    before = ancestors(aws, release)
    assert association.urn in before, "a pod has the rights of the moment it was made"
    (policy,) = of_type(aws, "RolePolicy").values()
    assert policy.urn in before


def test_node_groups_scale_to_zero_and_back_and_keep_the_autoscalers_count(aws: Graph) -> None:
    groups = of_type(aws, "NodeGroup")
    gpu, platform = groups["gpu"], groups["platform"]
    assert gpu.inputs["scalingConfig"] == {"minSize": 0, "maxSize": 4, "desiredSize": 0}
    assert (gpu.inputs["capacityType"], platform.inputs["capacityType"]) == ("SPOT", "ON_DEMAND")
    assert gpu.inputs["amiType"] == "AL2023_x86_64_NVIDIA"
    assert gpu.inputs["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    assert (len(gpu.inputs["subnetIds"]), len(platform.inputs["subnetIds"])) == (1, 2)
    for group in groups.values():
        assert group.ignore_changes == ["scalingConfig.desiredSize"]
    described = {item.inputs["tag"]["key"]: item.inputs["tag"]["value"] for item in of_type(aws, "Tag").values()}
    assert described["k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu"] == "present:NoSchedule"


def test_an_empty_group_says_what_its_nodes_will_be() -> None:
    tainted = (Taint(key="a", value="b", effect="NoExecute"), Taint(key="c", value="d", effect="PreferNoSchedule"))
    pool = pool_plan(labels={"x/y": "z"}, taints=tainted, disk_gib=77)
    prefix = "k8s.io/cluster-autoscaler/node-template"
    assert node_group.template_tags(pool) == {
        f"{prefix}/label/x/y": "z",
        f"{prefix}/taint/a": "b:NoExecute",
        f"{prefix}/taint/c": "d:PreferNoSchedule",
        f"{prefix}/resources/ephemeral-storage": "77Gi",
    }
    assert [taint.effect for taint in node_group.taints(pool)] == ["NO_EXECUTE", "PREFER_NO_SCHEDULE"]


@pytest.mark.parametrize(
    ("capacity", "word"), [(CapacityType.SPOT, "SPOT"), (CapacityType.ON_DEMAND, "ON_DEMAND")], ids=str
)
def test_capacity_has_eks_words(capacity: CapacityType, word: str) -> None:
    assert node_group.capacity_type(pool_plan(capacity=capacity)) == word


def test_a_pod_gets_none_of_its_nodes_credentials(aws: Graph) -> None:
    templates = of_type(aws, "LaunchTemplate")
    assert set(templates) == {"gpu", "platform"}
    for template in templates.values():
        metadata = template.inputs["metadataOptions"]
        assert (metadata["httpTokens"], metadata["httpPutResponseHopLimit"]) == ("required", 1)
        (disk,) = template.inputs["blockDeviceMappings"]
        assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeSize"]) == ("true", 100)
        for tagged in template.inputs["tagSpecifications"]:
            assert tagged["tags"]["aigc-stack"] == "aws-test", "a provider's default tags end at the group"


def test_endpoints_wait_for_nodes_and_for_who_brings_them(aws: Graph) -> None:
    before = ancestors(aws, one(aws, "Service", "gpt"))
    needed = [item for item in custom(aws) if item.name in {"cluster-autoscaler", "nvidia-device-plugin"}]
    assert {item.urn for item in needed if item.is_release} <= before
    assert {group.urn for group in of_type(aws, "NodeGroup").values()} <= before


def test_the_device_plugin_runs_where_accelerators_are() -> None:
    values = device_plugin_values(aws_plan())
    required = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "aigc/pool", "operator": "In", "values": ["gpu"]}]
    assert values["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]


def test_the_autoscaler_is_of_the_clusters_minor_and_restricted() -> None:
    values = autoscaler_values(aws_plan())
    assert values["image"] == {"repository": "registry.example/ca", "tag": "v1.36.1"}
    container = {"name": "x", "securityContext": values["containerSecurityContext"]}
    assert restricted_faults({"securityContext": values["securityContext"], "containers": [container]}) == []


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("host:5000/ca:v1", "host:5000/ca", "v1"),
        ("registry.example/ca:v1@sha256:ab", "registry.example/ca", "v1@sha256:ab"),
    ],
)
def test_the_autoscalers_image_may_have_a_port_or_a_digest(reference: str, repository: str, tag: str) -> None:
    plan = aws_plan().model_copy(update={"images": {"cluster-autoscaler": reference}})
    assert autoscaler_values(plan)["image"] == {"repository": repository, "tag": tag}


def test_two_runs_give_one_graph(aws: Graph) -> None:
    assert graph_of(lambda: build(aws_plan()), "aws-test").to_json() == aws.to_json()


def without(plan: StackPlan, component: str) -> StackPlan:
    kept: Any = tuple(one for one in plan.components if one.name != component)
    return plan.model_copy(update={"components": kept})


def test_without_an_autoscaler_nobody_may_resize() -> None:
    graph = graph_of(lambda: build(without(aws_plan(), "cluster-autoscaler")), "aws-test")
    assert not of_type(graph, "PodIdentityAssociation") and not of_type(graph, "RolePolicy")


def test_a_client_fetches_its_token_and_keeps_none() -> None:
    token = eks_token("aigc-x", "us-east-1")
    assert [token["command"], *token["args"]][:7] == [
        *("aws", "eks", "get-token", "--cluster-name", "aigc-x", "--region", "us-east-1")
    ]
    assert "env" not in token, "a profile or a key would be of one person's machine"
