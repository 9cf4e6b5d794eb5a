"""Each rule on a stack that keeps it and on one that breaks it in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aigc.policy.judge import ALL_RULES, judge
from aigc.policy.rule import Weight
from aigc.policy.view import Hidden, NotKnown, ResourceView, StackView

PROVIDERS = {
    package: ResourceView(f"urn:{package}", f"pulumi:providers:{package}", package, inputs, None, "aigc:clouds:Cluster")
    for package, inputs in (
        ("gcp", {}),
        ("aws", {}),
        ("azure-native", {}),
        ("kubernetes", {"enableServerSideApply": "true"}),
    )
}


def view(type_token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> ResourceView:
    provider = f"urn:{type_token.split(':', 1)[0]}"
    known: dict[str, Any] = {"provider": provider, "parent_type": "aigc:clouds:Cluster"}
    return ResourceView(f"urn:{name}", type_token, name, inputs, **(known | more))


def stack(*resources: ResourceView, name: str = "some-dev") -> StackView:
    return StackView(name, (*PROVIDERS.values(), *resources))


def broken(*resources: ResourceView, name: str = "some-dev") -> dict[str, list[str]]:
    """Names of the rules that are broken -> names of what breaks them."""
    verdicts = judge(stack(*resources, name=name))
    return {one.rule.name: [item.urn.removeprefix("urn:") for item in one.findings] for one in verdicts if one.findings}


def gke_pool(**more: Any) -> ResourceView:
    taints = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}]
    config = {"labels": {"aigc/pool": "l4"}, "taints": taints, "guestAccelerators": [{"type": "nvidia-l4"}]}
    inputs = {"location": "us-central1", "autoscaling": {"totalMinNodeCount": 0}, "nodeConfig": config}
    ignored = more.pop("ignore_changes", ("initialNodeCount", "nodeCount"))
    return view("gcp:container/nodePool:NodePool", "pool", inputs | more, ignore_changes=ignored)


def eks_group(**more: Any) -> ResourceView:
    inputs = {
        "labels": {"aigc/pool": "l4"},
        "amiType": "AL2023_x86_64_NVIDIA",
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "scalingConfig": {"minSize": 0, "maxSize": 2},
        "subnetIds": [NotKnown(), NotKnown()],
    }
    return view("aws:eks/nodeGroup:NodeGroup", "group", inputs | more, ignore_changes=("scalingConfig.desiredSize",))


def kind(kind_: str, name: str, api: str = "v1", **body: Any) -> ResourceView:
    inputs = {"apiVersion": api, "kind": kind_, "metadata": {"name": name}} | body
    token = f"kubernetes:{api if '/' in api else f'core/{api}'}:{kind_}"
    return view(token, name, inputs)


def endpoint(**pod: Any) -> ResourceView:
    container = {"image": "registry/triton@sha256:0", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    toleration = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    spec = {"nodeSelector": {"aigc/pool": "l4"}, "tolerations": [toleration], "containers": [container]}
    return kind("Service", "gpt", "serving.knative.dev/v1", spec={"template": {"spec": spec | pod}})


def autoscaler(**more: Any) -> ResourceView:
    return view("kubernetes:helm.sh/v3:Release", "chart", {"chart": "cluster-autoscaler", "version": "9.59.0"} | more)


def namespace(level: str | None, **annotations: str) -> ResourceView:
    labels = {"pod-security.kubernetes.io/enforce": level} if level else {}
    return kind("Namespace", "ns", metadata={"name": "ns", "labels": labels, "annotations": annotations})


def aks_pool(**more: Any) -> ResourceView:
    inputs = {
        "nodeLabels": {"aigc/pool": "l4"},
        "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"],
        "gpuProfile": {"driver": "Install"},
        "enableAutoScaling": True,
        "minCount": 0,
    }
    ignored = more.pop("ignore_changes", ("count",))
    return view("azure-native:containerservice:AgentPool", "pool", inputs | more, ignore_changes=ignored)


def aks(**more: Any) -> ResourceView:
    system = {"enableAutoScaling": True, "minCount": 1, "nodeLabels": {"aigc/pool": "system"}}
    inputs = {"agentPoolProfiles": [system], "networkProfile": {"networkPolicy": "calico"}}
    return view(
        "azure-native:containerservice:ManagedCluster",
        "aks",
        inputs | more,
        ignore_changes=("agentPoolProfiles[0].count",),
    )


def karpenter_pool(**taint: Any) -> ResourceView:
    spec = {"taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"} | taint]}
    template = {"metadata": {"labels": {"aigc/pool": "l4"}}, "spec": spec}
    return kind("NodePool", "pool", "karpenter.sh/v1", spec={"template": template})


def auto_mode_pool() -> ResourceView:
    own = karpenter_pool().inputs["spec"]["template"]
    nodes = {**own["spec"], "nodeClassRef": {"group": "eks.amazonaws.com", "kind": "NodeClass", "name": "l4"}}
    return kind("NodePool", "pool", "karpenter.sh/v1", spec={"template": {**own, "spec": nodes}})


def fixed_pool() -> ResourceView:
    return kind("NodePool", "pool", "karpenter.sh/v1", spec={**karpenter_pool().inputs["spec"], "replicas": 2})


def mounted_bucket(*modes: str, **csi: Any) -> ResourceView:
    spec = {"accessModes": [*(modes or ("ReadOnlyMany",))], "csi": {"driver": "s3.csi.aws.com", "readOnly": True} | csi}
    return kind("PersistentVolume", "models", spec=spec)


POLICY = kind("NetworkPolicy", "np", "networking.k8s.io/v1")
GKE = view("gcp:container/cluster:Cluster", "gke", {"datapathProvider": "ADVANCED_DATAPATH"})
EKS = view("aws:eks/cluster:Cluster", "eks", {})
CNI = view(
    "aws:eks/addon:Addon", "cni", {"addonName": "vpc-cni", "configurationValues": '{"enableNetworkPolicy": "true"}'}
)

AUTO_MODE = [
    view("aws:eks/cluster:Cluster", "eks", {"computeConfig": {"enabled": True}}),
    kind("ConfigMap", "switch", metadata={"name": "amazon-vpc-cni"}, data={"enable-network-policy-controller": "true"}),
    kind("NodeClass", "l4", "eks.amazonaws.com/v1", spec={"networkPolicy": "DefaultAllow"}),
    POLICY,
]

KEEPS = [
    [gke_pool(), endpoint(), GKE, POLICY, namespace("restricted")],
    [eks_group(), endpoint(), autoscaler(), EKS, CNI, POLICY],
    [aks_pool(), endpoint(), aks(), POLICY],
    [karpenter_pool(), endpoint(), autoscaler(chart="oci://public.ecr.aws/karpenter/karpenter")],
    [auto_mode_pool(), endpoint(), *AUTO_MODE],
    [fixed_pool(), endpoint()],
    [karpenter_pool(), endpoint(), aks(nodeProvisioningProfile={"mode": "Auto"}), POLICY],
    [namespace("privileged", **{"aigc/pod-security-reason": "a device plugin"})],
    [kind("Secret", "s", stringData=Hidden()), kind("Secret", "t", data={"a": Hidden()})],
    [kind("ScaledObject", "so", "keda.sh/v1alpha1", spec={"scaleTargetRef": {"name": "d"}}),
     kind("Deployment", "d", "apps/v1", spec={"template": {}})],
]  # fmt: skip


S3 = view("aws:s3/bucket:Bucket", "models", {})
S3_BLOCK = view("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "models", dict.fromkeys(
    ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True))  # fmt: skip
S3_VERSIONS = view(
    "aws:s3/bucketVersioning:BucketVersioning", "models", {"versioningConfiguration": {"status": "Enabled"}}
)
GCS = view("gcp:storage/bucket:Bucket", "gpt", {
    "publicAccessPrevention": "enforced", "uniformBucketLevelAccess": True, "versioning": {"enabled": True},
})  # fmt: skip
BLOBS = view("azure-native:storage:StorageAccount", "models", {
    "allowBlobPublicAccess": False, "enableHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2",
})  # fmt: skip
BLOBS_VERSIONS = view("azure-native:storage:BlobServiceProperties", "models", {"isVersioningEnabled": True})
KEEPS += [[S3, S3_BLOCK, S3_VERSIONS], [GCS], [BLOBS, BLOBS_VERSIONS], [mounted_bucket()]]


def changed(resource: ResourceView, **inputs: Any) -> ResourceView:
    return replace(resource, inputs={**resource.inputs, **inputs})


@pytest.mark.parametrize("resources", KEEPS)
def test_a_sound_stack_breaks_nothing(resources: list[ResourceView]) -> None:
    assert broken(*resources) == {}


BREAKS: list[tuple[str, list[ResourceView]]] = [
    ("providers-are-named", [replace(GKE, provider=None)]),
    ("providers-are-named", [replace(GKE, provider="urn:aws")]),
    ("parents-are-components", [replace(GKE, parent_type="pulumi:pulumi:Stack")]),
    ("server-side-apply", [view("pulumi:providers:kubernetes", "other", {}, provider=None)]),
    ("no-static-keys", [view("gcp:serviceaccount/key:Key", "key", {})]),
    ("no-static-keys", [view("aws:iam/accessKey:AccessKey", "key", {})]),
    ("no-static-keys", [view("pulumi:providers:aws", "mine", {"secretKey": "abc"}, provider=None)]),
    ("secrets-are-hidden", [kind("Secret", "s", stringData={"password": "abc"})]),
    ("secrets-are-hidden", [kind("ConfigMap", "c", data={"key": "AKIA" + "A" * 16})]),
    ("secrets-are-hidden", [kind("ConfigMap", "c", data={"key": "-----BEGIN RSA PRIVATE KEY-----"})]),
    ("network-policy-is-enforced", [replace(GKE, inputs={}), POLICY]),
    ("network-policy-is-enforced", [EKS, POLICY]),
    ("network-policy-is-enforced", [EKS, POLICY, replace(CNI, inputs={"addonName": "vpc-cni"})]),
    ("network-policy-is-enforced", [*AUTO_MODE[:1], *AUTO_MODE[2:]]),
    ("network-policy-is-enforced", [*AUTO_MODE, kind("NodeClass", "other", "eks.amazonaws.com/v1", spec={})]),
    ("network-policy-is-enforced", [AUTO_MODE[0], POLICY, CNI]),
    ("autoscaled-counts-are-ignored", [gke_pool(ignore_changes=("nodeCount",))]),
    ("autoscaled-counts-are-ignored", [
        kind("ScaledObject", "so", "keda.sh/v1alpha1", spec={"scaleTargetRef": {"name": "d"}}),
        kind("Deployment", "d", "apps/v1", spec={"replicas": 2}),
    ]),
    ("buckets-are-closed", [S3, S3_VERSIONS]),
    ("buckets-are-closed", [S3, S3_VERSIONS, changed(S3_BLOCK, blockPublicPolicy=False)]),
    ("buckets-are-closed", [S3, S3_VERSIONS, replace(S3_BLOCK, name="another")]),
    ("buckets-are-closed", [changed(GCS, publicAccessPrevention="inherited")]),
    ("buckets-are-closed", [changed(GCS, uniformBucketLevelAccess=False)]),
    ("buckets-are-closed", [view("gcp:storage/bucketIAMMember:BucketIAMMember", "gpt", {"member": "allUsers"})]),
    ("buckets-are-closed", [changed(BLOBS, allowBlobPublicAccess=NotKnown()), BLOBS_VERSIONS]),
    ("buckets-are-closed", [changed(BLOBS, enableHttpsTrafficOnly=False), BLOBS_VERSIONS]),
    ("buckets-are-closed", [changed(BLOBS, minimumTlsVersion="TLS1_1"), BLOBS_VERSIONS]),
    ("buckets-are-closed", [view("azure-native:storage:BlobContainer", "gpt", {"publicAccess": "Blob"})]),
    ("buckets-keep-versions", [S3, S3_BLOCK]),
    ("buckets-keep-versions", [S3, S3_BLOCK, changed(S3_VERSIONS, versioningConfiguration={"status": "Suspended"})]),
    ("buckets-keep-versions", [changed(GCS, versioning={"enabled": False})]),
    ("buckets-keep-versions", [BLOBS]),
    ("mounted-buckets-are-read-only", [mounted_bucket("ReadWriteMany")]),
    ("mounted-buckets-are-read-only", [mounted_bucket(readOnly=False)]),
    ("mounted-buckets-are-read-only", [endpoint(volumes=[{"name": "models", "csi": {"driver": "gcsfuse"}}])]),
    ("back-from-zero", [eks_group()]),
    ("back-from-zero", [karpenter_pool()]),
    ("back-from-zero", [karpenter_pool(), aks(nodeProvisioningProfile={"mode": "Manual"})]),
    ("back-from-zero", [
        aks_pool(enableAutoScaling=False, count=0), aks(nodeProvisioningProfile={"mode": "Auto"}),
    ]),
    ("back-from-zero", [aks_pool(enableAutoScaling=False, count=0)]),
    ("autoscaled-counts-are-ignored", [aks_pool(ignore_changes=())]),
    ("network-policy-is-enforced", [aks(networkProfile={}), POLICY]),
    ("taints-are-tolerated", [aks_pool(), endpoint(tolerations=[])]),
    ("taints-are-tolerated", [karpenter_pool(key="else/where"), autoscaler(), endpoint()]),
    ("accelerators-are-requested", [aks_pool(), endpoint(containers=[{"image": "i@sha256:0"}])]),
    ("images-have-a-version", [endpoint(containers=[{"image": "triton", "resources": {"limits": {"a/b": 1}}}])]),
    ("images-have-a-version", [endpoint(initContainers=[{"image": "triton:latest"}])]),
    ("images-by-digest", [endpoint(initContainers=[{"image": "triton:1.2"}])]),
    ("charts-are-pinned", [autoscaler(version=None)]),
    ("charts-are-pinned", [autoscaler(version="^9")]),
    ("pod-security-restricted", [namespace(None)]),
    ("pod-security-restricted", [namespace("baseline")]),
    ("pod-security-restricted", [namespace("none", **{"aigc/pod-security-reason": "because"})]),
    ("taints-are-tolerated", [gke_pool(), endpoint(tolerations=[])]),
    ("taints-are-tolerated", [eks_group(), autoscaler(), endpoint(tolerations=[{"key": "other"}])]),
    ("accelerators-are-requested", [gke_pool(), endpoint(containers=[{"image": "i@sha256:0"}])]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "resources"), BREAKS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(BREAKS)])
def test_a_stack_with_one_mistake_breaks_one_rule(rule: str, resources: list[ResourceView]) -> None:
    found = broken(*resources)
    assert set(found) - {"images-by-digest"} == {rule} - {"images-by-digest"}
    assert rule in found


@pytest.mark.parametrize(
    ("rule", "resource"),
    [
        ("production-is-protected", GKE),
        ("production-has-zones", gke_pool(location="us-central1-a")),
        ("production-has-zones", gke_pool(nodeLocations=["us-central1-a"])),
        ("production-has-zones", eks_group(subnetIds=[NotKnown()], scalingConfig={"minSize": 1, "maxSize": 2})),
        ("production-has-zones", aks_pool()),
        ("production-has-zones", aks_pool(availabilityZones=["1"])),
    ],
)
def test_production_asks_for_more(rule: str, resource: ResourceView) -> None:
    assert set(broken(resource, name="some-prod")) == {rule}
    assert rule not in broken(resource)


def test_production_that_is_protected_and_in_zones_is_fine() -> None:
    guarded = replace(GKE, inputs={**GKE.inputs, "deletionProtection": True})
    aks_in_zones = aks_pool(availabilityZones=["1", "2"])
    assert broken(guarded, replace(EKS, protect=True), gke_pool(), aks_in_zones, name="some-prod") == {}


def test_the_pool_that_aks_makes_with_its_cluster_is_in_zones_too() -> None:
    (system,) = aks().inputs["agentPoolProfiles"]
    within = replace(aks(agentPoolProfiles=[system | {"availabilityZones": ["1", "2"]}]), protect=True)
    assert broken(within, name="some-prod") == {}
    assert set(broken(replace(aks(), protect=True), name="some-prod")) == {"production-has-zones"}


def test_a_tag_is_warned_of_at_preview_and_refused_at_up_of_production() -> None:
    resources = (endpoint(initContainers=[{"image": "triton:1.2"}]),)
    for name, refused in (("some-dev", False), ("some-prod", True)):
        seen = stack(*resources, name=name)
        (verdict,) = [one for one in judge(seen) if one.findings]
        assert (verdict.broken, verdict.refused_at_up(seen)) == (False, refused)


def test_every_rule_is_broken_by_a_sample() -> None:
    production = {"production-is-protected", "production-has-zones", "production-has-a-floor"}
    assert {rule.name for rule in ALL_RULES} == {name for name, _ in BREAKS} | production


def test_every_finding_has_a_way_out() -> None:
    for _, resources in BREAKS:
        for verdict in judge(stack(*resources)):
            assert all(item.problem and item.way_out for item in verdict.findings)
    assert {rule.weight for rule in ALL_RULES} == {Weight.MANDATORY, Weight.PRODUCTION_UP}
