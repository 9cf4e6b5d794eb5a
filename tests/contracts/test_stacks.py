"""Every argument that the stacks send to a cloud is one that the cloud's own model allows, and the check can fail."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from scripts.engine.graph import Resource
from scripts.engine.wire import UNKNOWN
from tests.contracts.__main__ import main
from tests.contracts.mutations import misspelt, of_another_type, of_no_such_value, places
from tests.contracts.report import TypeReport, check, check_graph, check_resources, goes_to_a_cloud
from tests.contracts.rows import ROWS
from tests.contracts.samples import CLOUD_SAMPLES, sample_resources
from tests.programs.graphs import STACKS, graph_of

SAMPLE = "samples"

ENUMS = {
    "gcp:compute/routerNat:RouterNat": {"natIpAllocateOption", "sourceSubnetworkIpRangesToNat"},
    "gcp:artifactregistry/repository:Repository": {
        "format", "cleanupPolicies[0].action", "cleanupPolicies[0].condition.tagState",
    },
    "gcp:container/cluster:Cluster": {"datapathProvider", "releaseChannel.channel"},
    "gcp:container/nodePool:NodePool": {
        "autoscaling.locationPolicy", "nodeConfig.taints[0].effect", "nodeConfig.workloadMetadataConfig.mode",
        "nodeConfig.guestAccelerators[0].gpuDriverInstallationConfig.gpuDriverVersion",
    },
}  # fmt: skip
AZURE_ENUMS = {
    "azure-native:containerservice:ManagedCluster": {
        "networkProfile.networkPolicy", "networkProfile.outboundType", "networkProfile.networkPluginMode", "sku.tier",
        "identity.type", "autoUpgradeProfile.upgradeChannel", "autoUpgradeProfile.nodeOSUpgradeChannel",
        "autoScalerProfile.expander", "agentPoolProfiles[0].mode", "agentPoolProfiles[0].osSKU",
    },
    "azure-native:containerservice:AgentPool": {
        "scaleSetPriority", "scaleSetEvictionPolicy", "gpuProfile.driver", "osDiskType", "type", "mode",
    },
    "azure-native:containerregistry:Registry": {"sku.name"},
    "azure-native:network:PublicIPAddress": {"sku.name", "publicIPAllocationMethod"},
    "azure-native:authorization:RoleAssignment": {"principalType"},
}  # fmt: skip
PROD_ENUMS = {
    "gcp:container/nodePool:NodePool": {
        "nodeConfig.guestAccelerators[0].gpuSharingConfig.gpuSharingStrategy", "upgradeSettings.strategy",
    },
}  # fmt: skip
BUCKET_ENUMS = {
    "aws-prod": {
        "aws:s3/bucketVersioning:BucketVersioning": {"versioningConfiguration.status"},
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {"rules[0].status"},
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
            "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        },
    },
    "azure-prod": {
        "azure-native:storage:StorageAccount": {"kind", "sku.name", "minimumTlsVersion"},
        "azure-native:storage:BlobContainer": {"publicAccess"},
        "azure-native:storage:ManagementPolicy": {"policy.rules[0].type"},
    },
}  # fmt: skip
SAMPLE_ENUMS = {
    "azure-native:authorization:ManagementLockByScope": {"level"},
    "aws:eks/nodeGroup:NodeGroup": {"amiType", "capacityType", "instanceTypes[0]", "taints[0].effect"},
    "aws:eks/cluster:Cluster": {"accessConfig.authenticationMode", "enabledClusterLogTypes[0]",
                                "upgradePolicy.supportType"},
    "aws:eks/addon:Addon": {"resolveConflictsOnCreate", "resolveConflictsOnUpdate"},
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {"accessScope.type"},
    "aws:sagemaker/model:Model": {
        "primaryContainer.mode", "primaryContainer.modelDataSource.s3DataSources[0].s3DataType",
        "primaryContainer.modelDataSource.s3DataSources[0].compressionType",
    },
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": {
        "productionVariants[0].instanceType", "productionVariants[0].inferenceAmiVersion",
    },
    "aws:appautoscaling/target:Target": {"serviceNamespace", "scalableDimension"},
    "aws:appautoscaling/policy:Policy": {
        "policyType",
        "targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.predefinedMetricType",
    },
    "aws:ecr/repository:Repository": {"imageTagMutability", "encryptionConfigurations[0].encryptionType"},
    "aws:ec2/vpc:Vpc": {"instanceTenancy"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"vpcEndpointType"},
    "aws:ec2/launchTemplate:LaunchTemplate": {
        "instanceType", "blockDeviceMappings[0].ebs.volumeType", "instanceMarketOptions.marketType",
        "metadataOptions.httpTokens", "tagSpecifications[0].resourceType",
    },
    "gcp:container/nodePool:NodePool": {"placementPolicy.type", "upgradeSettings.strategy",
                                        "nodeConfig.reservationAffinity.consumeReservationType",
                                        "nodeConfig.guestAccelerators[0].gpuSharingConfig.gpuSharingStrategy"},
    "gcp:compute/resourcePolicy:ResourcePolicy": {"workloadPolicy.type"},
    "gcp:compute/firewall:Firewall": {"direction"},
    "gcp:tpu/v2Vm:V2Vm": {"acceleratorConfig.type"},
}  # fmt: skip


SAMPLE_ADDON = CLOUD_SAMPLES["aws:eks/addon:Addon"]


def resources_of(stack: str) -> list[Resource]:
    found = sample_resources() if stack == SAMPLE else graph_of(stack).resources
    return [resource for resource in found if goes_to_a_cloud(resource)]


@pytest.mark.parametrize("stack", STACKS)
def test_the_clouds_would_take_every_argument(stack: str, record_property: Callable[[str, object], None]) -> None:
    report = check_graph(graph_of(stack))
    record_property("contract", "\n".join(report.lines()))
    assert report.faults == (), "\n" + "\n".join(report.faults)


def test_some_stack_has_something_to_check() -> None:
    totals = Counter[str]()
    for stack in STACKS:
        totals[stack] = check_graph(graph_of(stack)).total("checked")
    assert totals["gcp-dev"] > 80
    assert totals["azure-dev"] > 120
    assert totals["local"] == 0  # it asks no cloud for anything


def test_the_samples_are_what_the_clouds_take() -> None:
    report = check_resources(SAMPLE, sample_resources())
    assert report.faults == ()


@pytest.mark.parametrize("stack", [*STACKS, SAMPLE])
def test_every_property_is_counted_once(stack: str) -> None:
    for resource in resources_of(stack):
        outcome = check(resource.type, resource.inputs)
        named = [path for path in outcome.unknown if not path.endswith("]")]
        counted = [*outcome.checked, *named, *outcome.not_covered]
        properties = [steps for steps, _ in places(resource.inputs) if isinstance(steps[-1], str)]
        assert len(counted) == len(set(counted)) == len(properties), resource.urn


@pytest.mark.parametrize("stack", [*STACKS, SAMPLE])
def test_each_misspelt_property_is_found_where_it_is(stack: str) -> None:
    for resource in resources_of(stack):
        for mutation in misspelt(resource.inputs):
            faults = check(resource.type, mutation.inputs).faults
            assert (mutation.path, "the model does not know it") in {(fault.path, fault.problem) for fault in faults}


@pytest.mark.parametrize("stack", [*STACKS, SAMPLE])
def test_each_value_of_another_type_is_found_where_it_is(stack: str) -> None:
    for resource in resources_of(stack):
        free = check(resource.type, resource.inputs).not_covered
        for mutation in of_another_type(resource.inputs):
            faults = check(resource.type, mutation.inputs).faults
            found = any(fault.path.startswith(mutation.path) and "is wanted" in fault.problem for fault in faults)
            assert found == (mutation.path not in free), f"{resource.urn}: {mutation.path}"


WANTED_ENUMS = {"gcp-dev": ENUMS, "gcp-prod": PROD_ENUMS, "azure-dev": AZURE_ENUMS, SAMPLE: SAMPLE_ENUMS,
                **BUCKET_ENUMS}  # fmt: skip


@pytest.mark.parametrize(("stack", "wanted"), WANTED_ENUMS.items())
def test_a_value_that_no_list_has_is_found_where_it_is(stack: str, wanted: dict[str, set[str]]) -> None:
    refused: dict[str, set[str]] = {}
    for resource in resources_of(stack):
        for mutation in of_no_such_value(resource.inputs):
            faults = check(resource.type, mutation.inputs).faults
            if any(fault.path == mutation.path and "not one of" in fault.problem for fault in faults):
                refused.setdefault(resource.type, set()).add(mutation.path)
    for kind, paths in wanted.items():
        assert paths <= refused[kind], kind


def test_a_type_without_a_row_is_a_fault() -> None:
    unknown = Resource("urn:pulumi:s::aigc::gcp:tpu/v2Node:V2Node::vm", "gcp:tpu/v2Node:V2Node", "vm", "", True, {})
    report = check_resources("s", [unknown])
    assert len(report.faults) == 1
    assert "v2Node" in report.faults[0]
    assert report.types == {unknown.type: TypeReport(resources=1)}


@pytest.mark.parametrize(
    ("kind", "inputs", "settings", "path"),
    [
        ("aws:ec2/vpc:Vpc", {}, {"defaultTags": '{"tags": {"owner": 7}}'}, "tags['owner']"),
        ("aws:eks/addon:Addon", SAMPLE_ADDON, {"defaultTags": '{"tags": {"owner": 7}}'}, "tags['owner']"),
        ("aws:ec2/vpc:Vpc", {"tags": {"owner": "us"}}, {"defaultTags": '{"tags": {"owner": 7}}'}, None),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1"}, {"defaultTags": '{"tags": {"owner": 7}}'}, None),
        ("aws:ec2/vpc:Vpc", {}, {"defaultTags": UNKNOWN}, None),
        ("aws:autoscaling/tag:Tag", {"tag": {"key": "k"}}, {"defaultTags": '{"tags": {"owner": "us"}}'}, None),
        ("gcp:compute/network:Network", {}, {"project": "No Project!", "region": "x"}, "project"),
        ("gcp:compute/network:Network", {"project": "aigc"}, {"project": "No Project!"}, None),
        ("gcp:compute/router:Router", {}, {"region": "US"}, "region"),
        ("azure-native:network:NatGateway", {}, {"location": 7}, "location"),
        ("azure-native:network:NatGateway", {"location": "eastus"}, {"location": 7}, None),
        ("azure-native:network:Subnet", {}, {"location": 7}, None),
    ],
)
def test_what_the_provider_adds_is_checked_too(
    kind: str, inputs: dict[str, Any], settings: dict[str, Any], path: str | None
) -> None:
    provider_type = f"pulumi:providers:{kind.partition(':')[0]}"
    provider = Resource(f"urn:pulumi:s::aigc::{provider_type}::p", provider_type, "p", "", True, settings)
    resource = Resource(f"urn:pulumi:s::aigc::{kind}::one", kind, "one", "", True, inputs, provider.urn)
    faults = check_resources("s", [provider, resource]).faults
    assert [f"::one: {path} = " in fault for fault in faults] == ([True] if path else [])


def test_what_is_only_read_is_no_argument() -> None:
    read = Resource("urn:pulumi:s::aigc::gcp:x/y:Y::y", "gcp:x/y:Y", "y", "", True, {"nothing": 1}, read=True)
    assert check_resources("s", [read]).types == {}


def test_every_row_is_tried() -> None:
    tried = {resource.type for stack in (*STACKS, SAMPLE) for resource in resources_of(stack)}
    assert ROWS.keys() - tried == set()
    assert CLOUD_SAMPLES.keys() - ROWS.keys() == set()


def test_the_command_writes_the_report(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["contracts", "gcp-dev", "--format", "json"])
    assert main() == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report == json.loads(json.dumps(check_graph(graph_of("gcp-dev")).to_json()))
    monkeypatch.setattr(sys, "argv", ["contracts", "gcp-dev"])
    assert main() == 0
    text = capsys.readouterr().out
    assert "not covered: removeDefaultNodePool: the provider deletes the first pool" in text
    assert "deprecated by the API" not in text


def test_the_command_refuses_a_stack_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["contracts", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert f"no such stack: nowhere; name one of {', '.join(STACKS)}" in capsys.readouterr().err
