"""What each cloud is asked for where models come from buckets, read off the graph that the engine sees."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session

from aigc.catalog.faults import UserError
from aigc.clouds.aws.pod_rights import model_rights
from aigc.clouds.azure.model_store import BLOB_READER
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle, ModelStores, NetworkHandle
from aigc.clouds.registry import adapter_for, registered_clouds
from aigc.cluster.cluster import build_model_store
from aigc.foundation.network_policy import network_policies
from aigc.plan.components import knative_features
from aigc.plan.model_store import BLOB_DRIVER, GCS_DRIVER, S3_DRIVER, bucket_source
from aigc.plan.stack_plan import Cloud, EndpointPlan, ModelFolderPlan, ModelStorePlan, ServingMode, StackPlan
from aigc.policy.judge import judge
from scripts.engine.graph import Graph, Resource
from scripts.engine.wire import UNKNOWN
from scripts.preview.policy_view import stack_view
from tests.contracts.report import check_graph
from tests.flows.evaluator import Peer, allowed, denied
from tests.pure.program.graphs import ROOT, build, graph_of
from tests.pure.program.plans import aws_plan, azure_plan, endpoint_plan, gcp_plan, local_plan
from tests.pure.program.pods import knative_faults, restricted_faults
from tests.pure.program.test_endpoint_pods import pod_of, template_of, triton_of
from tests.pure.program.test_graph import ancestors, custom, one
from tests.pure.program.test_managed import managed_plan

HASH = "0123456789ab"
BUCKETS = {"aws": "aigc-aws-test-models-111122223333", "gcp": "project-aigc-gcp-test-gpt", "azure": "models-gpt"}
PLANS = {"aws": aws_plan, "gcp": gcp_plan, "azure": azure_plan}
DRIVERS = {"aws": S3_DRIVER, "gcp": GCS_DRIVER, "azure": BLOB_DRIVER}
STORES = {"aws": "AwsModelStore", "gcp": "GcpModelStore", "azure": "AzureModelStore"}
OBJECTS = {"aws": ":BucketObjectv2", "gcp": ":BucketObject", "azure": ":Blob"}


def folder_plan(cloud: str, endpoint: str = "gpt") -> ModelFolderPlan:
    return ModelFolderPlan(
        endpoint=endpoint,
        models=("gpt", "gpt_core"),
        bucket=BUCKETS[cloud],
        content_hash=HASH,
        uri=f"s3://{BUCKETS[cloud]}/{endpoint}/{HASH}/",
        files=9,
        size_mib=3.4,
    )


def store_plan(cloud: str) -> ModelStorePlan:
    return ModelStorePlan(
        account="aigc0123456789abcdef0123" if cloud == "azure" else None, folders=(folder_plan(cloud),)
    )


def stored(cloud: str, mode: ServingMode = ServingMode.KNATIVE) -> EndpointPlan:
    """The endpoint of every plan here, with its files in a bucket; its models are ones of the repository."""
    return with_source(cloud, endpoint_plan("gpt", mode, gpu=True))


def with_source(cloud: str, endpoint: EndpointPlan) -> EndpointPlan:
    image = "nvcr.io/nvidia/tritonserver:26.07-py3"
    source = bucket_source(Cloud(cloud), store_plan(cloud), folder_plan(cloud), image)
    return endpoint.model_copy(update={"source": source})


def with_store(cloud: str) -> StackPlan:
    plan = PLANS[cloud]()
    (gpt,) = plan.endpoints
    return plan.model_copy(update={"endpoints": (with_source(cloud, gpt),), "model_store": store_plan(cloud)})


@cache
def graph_on(cloud: str) -> Graph:
    return graph_of(lambda: build(with_store(cloud)), f"{cloud}-test")


def ours(cloud: str, suffix: str = "") -> dict[str, Resource]:
    """What the store of a cloud makes, by logical name."""
    graph = graph_on(cloud)
    return {item.name: item for item in custom(graph) if STORES[cloud] in item.urn and item.type.endswith(suffix)}


def service(cloud: str) -> dict[str, Any]:
    found: dict[str, Any] = one(graph_on(cloud), "Service", "gpt").inputs["spec"]["template"]
    return found


@pytest.mark.parametrize("cloud", PLANS)
def test_the_cloud_would_take_every_argument(cloud: str) -> None:
    report = check_graph(graph_on(cloud))
    assert len(ours(cloud)) > 10
    assert [fault for fault in report.faults if STORES[cloud] in fault] == []


@pytest.mark.parametrize("cloud", PLANS)
def test_the_rules_of_the_house_hold(cloud: str) -> None:
    made = {item.urn for item in custom(graph_on(cloud)) if STORES[cloud] in item.urn or "serving:Endpoint" in item.urn}
    broken = [
        (verdict.rule.name, finding)
        for verdict in judge(stack_view(graph_on(cloud)))
        for finding in verdict.findings
        if verdict.broken and finding.urn in made
    ]
    assert broken == []


@pytest.mark.parametrize("cloud", PLANS)
def test_every_file_is_there_before_a_pod_reads_it_and_its_content_is_a_relative_path(cloud: str) -> None:
    objects = ours(cloud, OBJECTS[cloud])
    assert f"gpt/{HASH}/gpt/config.pbtxt" in objects and f"gpt/{HASH}/gpt_core/1/model.onnx" in objects
    assert all(name.startswith(f"gpt/{HASH}/gpt") for name in objects)
    paths = {item.inputs["source"]["path"] for item in objects.values()}
    assert len(paths) == len(objects) and all(path.startswith("../model_repository/gpt") for path in paths)
    before = ancestors(graph_on(cloud), one(graph_on(cloud), "Service", "gpt"))
    assert {item.urn for item in objects.values()} <= before


@pytest.mark.parametrize("cloud", PLANS)
def test_the_pod_mounts_its_own_folder_read_only_and_starts_with_the_hash_in_it(cloud: str) -> None:
    for mode in ServingMode:
        endpoint = stored(cloud, mode)
        pod, triton = pod_of(endpoint), triton_of(endpoint)
        assert pod["serviceAccountName"] == "gpt" and pod["automountServiceAccountToken"] is False
        assert f"--model-repository=/models/{HASH}" in triton["command"]
        assert {"name": "models", "mountPath": "/models", "readOnly": True} in triton["volumeMounts"]
        assert restricted_faults(pod) == []
        assert template_of(endpoint)["metadata"]["annotations"]["aigc/content-hash"] == HASH
    features = knative_features([stored(cloud)])
    assert knative_faults(pod_of(stored(cloud)), features) == []
    needed = {name for name in features if "volume" in name} - {"kubernetes.podspec-volumes-emptydir"}
    assert len(needed) == 1
    fewer = {name: value for name, value in features.items() if name not in needed}
    assert knative_faults(pod_of(stored(cloud)), fewer) == [f"volume models without {needed.pop()}"]


def volume(cloud: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """PersistentVolume and claim."""
    graph = graph_on(cloud)
    bodies = [one(graph, kind, name).inputs for kind, name in (("PersistentVolume", "models-gpt-files"),
                                                               ("PersistentVolumeClaim", "gpt-files"))]  # fmt: skip
    return bodies[0], bodies[1]


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_claim_is_bound_to_the_one_volume_and_made_before_the_pod(cloud: str) -> None:
    made, claim = volume(cloud)
    assert made["spec"]["claimRef"] == {"namespace": "models", "name": claim["metadata"]["name"]}
    assert claim["spec"]["volumeName"] == made["metadata"]["name"] == made["spec"]["csi"]["volumeHandle"]
    for body in (made, claim):
        assert body["spec"]["accessModes"] == ["ReadOnlyMany"] and body["spec"]["storageClassName"] == ""
    assert made["spec"]["csi"]["readOnly"] is True and made["spec"]["csi"]["driver"] == DRIVERS[cloud]
    before = ancestors(graph_on(cloud), one(graph_on(cloud), "Service", "gpt"))
    for kind, name in (("PersistentVolumeClaim", "gpt-files"), ("ServiceAccount", "gpt")):
        assert one(graph_on(cloud), kind, name).urn in before
    assert one(graph_on(cloud), "ServiceAccount", "gpt").inputs["automountServiceAccountToken"] is False
    assert UNKNOWN not in json.dumps(service(cloud)), "a revision is known before anything exists"


def test_mountpoint_is_told_what_it_cannot_ask_for() -> None:
    made, _ = volume("aws")
    options = made["spec"]["mountOptions"]
    assert options[0] == "read-only" and {"allow-other", "uid=65532", "gid=65532"} <= set(options)
    assert "prefix gpt/" in options and "region us-east-1" in options, "no pod may ask the node's metadata"
    assert made["spec"]["csi"]["volumeAttributes"] == {"bucketName": BUCKETS["aws"], "authenticationSource": "pod"}
    (driver,) = ours("aws", ":Addon").values()
    assert driver.inputs["addonName"] == "aws-mountpoint-s3-csi-driver"
    assert json.loads(driver.inputs["configurationValues"]) == {"node": {"tolerateAllTaints": True}}
    before = ancestors(graph_on("aws"), one(graph_on("aws"), "Service", "gpt"))
    groups = {item.urn for item in custom(graph_on("aws")) if item.type.endswith(":NodeGroup")}
    assert driver.urn in before and groups <= ancestors(graph_on("aws"), driver), "its pods need a node"


def test_on_aws_a_pod_reads_one_folder_by_an_identity_of_its_own() -> None:
    (right,) = model_rights(with_store("aws"))
    assert (right.namespace, right.service_account) == ("models", "gpt")
    get, listing = json.loads(right.policy or "")["Statement"]
    bucket = f"arn:aws:s3:::{BUCKETS['aws']}"
    assert (get["Action"], get["Resource"]) == (["s3:GetObject"], f"{bucket}/gpt/*")
    assert (listing["Action"], listing["Resource"]) == (["s3:ListBucket"], bucket)
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "gpt/*"}}
    assert "GetObject" in get_session().get_service_model("s3").operation_names
    associations = {
        item.name: item for item in custom(graph_on("aws")) if item.type.endswith(":PodIdentityAssociation")
    }
    association = associations["model-gpt"]
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("models", "gpt")
    assert association.urn in ancestors(graph_on("aws"), one(graph_on("aws"), "Service", "gpt"))
    assert list(model_rights(aws_plan())) == []


def test_the_bucket_is_closed_before_the_first_file_is_in_it() -> None:
    made = ours("aws")
    guards = [item for name, item in made.items() if name == "models"]
    assert guards
    by_type = {item.type.rpartition(":")[2]: item for item in custom(graph_on("aws")) if "aws:s3/" in item.type}
    for name in (
        "BucketPublicAccessBlock",
        "BucketVersioning",
        "BucketPolicy",
        "BucketServerSideEncryptionConfiguration",
    ):
        for item in ours("aws", ":BucketObjectv2").values():
            assert by_type[name].urn in ancestors(graph_on("aws"), item)
    assert by_type["Bucket"].inputs["forceDestroy"] is False, "this stack is protected"
    (rule,) = by_type["BucketLifecycleConfiguration"].inputs["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 30} and "expiration" not in rule
    (deny,) = json.loads(by_type["BucketPolicy"].inputs["policy"])["Statement"]
    assert deny["Effect"] == "Deny" and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_cluster_is_waited_for_by_what_needs_it_alone() -> None:
    """SageMaker reads the same bucket, and needs no cluster; the identities of pods do."""
    for cloud in PLANS:
        cluster = {
            item.urn for item in custom(graph_on(cloud)) if item.type.endswith(("cluster:Cluster", ":ManagedCluster"))
        }
        for item in ours(cloud, OBJECTS[cloud]).values():
            assert not cluster & ancestors(graph_on(cloud), item), cloud


def test_sagemakers_folder_is_filled_before_its_model_is_made() -> None:
    managed = managed_plan(requests_per_minute=None, max_instances=1)
    store = ModelStorePlan(account=None, folders=(folder_plan("aws", "summary"),))
    plan = aws_plan().model_copy(update={"managed_endpoints": (managed,), "model_store": store})
    graph = graph_of(lambda: build(plan), "aws-test")
    made = {item.type.rpartition(":")[2]: item for item in custom(graph) if "aws:sagemaker/" in item.type}
    objects = {item.urn for item in custom(graph) if item.type.endswith(":BucketObjectv2")}
    assert objects and objects <= ancestors(graph, made["Model"])
    assert not any(item.inputs.get("addonName") == "aws-mountpoint-s3-csi-driver" for item in custom(graph))


def test_gke_mounts_in_the_pod_which_may_therefore_reach_the_storage_and_its_agent() -> None:
    template = service("gcp")
    annotations = template["metadata"]["annotations"]
    assert annotations["gke-gcsfuse/volumes"] == "true" and annotations["gke-gcsfuse/cpu-limit"] == "250m"
    (source,) = [one for one in template["spec"]["volumes"] if "csi" in one]
    assert source["csi"]["driver"] == GCS_DRIVER and source["csi"]["readOnly"] is True
    options = source["csi"]["volumeAttributes"]["mountOptions"].split(",")
    assert {"implicit-dirs", "only-dir=gpt", "uid=65532", "gid=65532"} <= set(options)
    (cluster,) = [item for item in custom(graph_on("gcp")) if item.type == "gcp:container/cluster:Cluster"]
    assert cluster.inputs["addonsConfig"] == {"gcsFuseCsiDriverConfig": {"enabled": True}}
    policies = network_policies(with_store("gcp"), None)
    reader = Peer("models", {"aigc/endpoint": "gpt"}, "10.32.1.9")
    other = Peer("models", {"aigc/endpoint": "other"}, "10.32.1.9")
    for place, port in (("169.254.169.254", 80), ("169.254.169.254", 8080), ("142.250.1.82", 443)):
        assert allowed(policies, reader, Peer(address=place), port)
        assert denied(policies, other, Peer(address=place), port)
    for cloud in ("aws", "azure"):
        elsewhere = network_policies(with_store(cloud), None)
        assert denied(elsewhere, reader, Peer(address="142.250.1.82"), 443), "its driver runs outside the pod"


def test_on_google_cloud_a_pod_reads_one_bucket() -> None:
    (right,) = ours("gcp", ":BucketIAMMember").values()
    assert right.inputs["role"] == "roles/storage.objectViewer"
    assert right.inputs["member"] == "serviceAccount:project.svc.id.goog[models/gpt]"
    (bucket,) = ours("gcp", "storage/bucket:Bucket").values()
    assert bucket.inputs["name"] == BUCKETS["gcp"] and bucket.urn in ancestors(graph_on("gcp"), right)
    assert right.urn in ancestors(graph_on("gcp"), one(graph_on("gcp"), "Service", "gpt"))
    assert bucket.inputs["publicAccessPrevention"] == "enforced" and bucket.inputs["versioning"] == {"enabled": True}


def test_on_azure_the_pods_of_one_account_alone_take_the_identity_that_reads_one_container() -> None:
    (trusted,) = ours("azure", ":FederatedIdentityCredential").values()
    assert trusted.inputs["subject"] == "system:serviceaccount:models:gpt"
    assert trusted.inputs["audiences"] == ["api://AzureADTokenExchange"]
    (right,) = ours("azure", ":RoleAssignment").values()
    assert right.inputs["roleDefinitionId"].endswith(BLOB_READER)
    (container,) = ours("azure", ":BlobContainer").values()
    assert container.urn in ancestors(graph_on("azure"), right), "no more than the container"
    before = ancestors(graph_on("azure"), one(graph_on("azure"), "Service", "gpt"))
    assert {trusted.urn, right.urn} <= before
    made, _ = volume("azure")
    attributes = made["spec"]["csi"]["volumeAttributes"]
    assert attributes["mountWithWorkloadIdentityToken"] == "true", "else it would fetch the account's key"
    assert attributes["clientID"] == UNKNOWN and attributes["containerName"] == "models-gpt"
    assert attributes["storageAccount"] == store_plan("azure").account
    options = made["spec"]["mountOptions"]
    assert {"-o ro", "--subdirectory=gpt", "--virtual-directory=true"} <= set(options)
    assert not any("cancel-list" in option for option in options), "Triton would find no model"


def test_a_cloud_has_buckets_or_the_source_is_refused() -> None:
    able = {name for name in registered_clouds() if isinstance(adapter_for(Cloud(name)), ModelStores)}
    assert able == set(PLANS)
    plan = local_plan().model_copy(update={"model_store": store_plan("aws")})
    with pytest.raises(UserError, match="no buckets here"):
        build_model_store(plan, NetworkHandle(), ClusterHandle(provider=None, stack="local"), ROOT)  # type: ignore[arg-type]
    handle = build_model_store(local_plan(), NetworkHandle(), ClusterHandle(provider=None, stack="local"), ROOT)  # type: ignore[arg-type]
    assert handle == ModelStoreHandle()
