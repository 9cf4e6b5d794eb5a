"""What AKS is asked for, read off the graph that the engine sees and off the pure functions behind it."""

from __future__ import annotations

import base64
import json
from ipaddress import IPv4Network
from typing import Any
from uuid import UUID

import pytest

from aigc.clouds.azure.agent_pool import pool_settings
from aigc.clouds.azure.identities import ACR_PULL, IDENTITY_OPERATOR, NETWORK_CONTRIBUTOR, assignment_name
from aigc.clouds.azure.kubeconfig import AKS_TOKEN, certificate_authority
from aigc.foundation.accelerators import nvidia_values as device_plugin_values
from aigc.foundation.knative_config import KOURIER_INGRESS_CLASS, knative_config
from aigc.foundation.network_policy import network_policies
from aigc.plan.stack_plan import CapacityType, StackPlan
from scripts.engine.graph import Graph, Resource
from scripts.engine.wire import UNKNOWN
from tests.flows.evaluator import Peer, allowed, denied
from tests.pure.program.graphs import build, graph_of
from tests.pure.program.plans import azure_plan, gcp_plan, pool_plan
from tests.pure.program.test_graph import ancestors, custom, one

POLICIES = network_policies(azure_plan(), None)
NODE = Peer(address="10.10.0.4")
PLACE = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/images"
REGISTRY = f"{PLACE}/providers/Microsoft.ContainerRegistry/registries/aigcdev"
GPT = Peer("models", {"serving.knative.dev/service": "gpt", "aigc/endpoint": "gpt"}, "10.32.1.4")


@pytest.fixture(scope="module")
def azure() -> Graph:
    return graph_of(lambda: build(azure_plan()), "azure-test")


def of_type(graph: Graph, name: str) -> dict[str, Resource]:
    """Resources of Azure by their logical name; `name` is the class."""
    return {
        item.name: item
        for item in custom(graph)
        if item.type.startswith("azure-native:") and item.type.endswith(f":{name}")
    }


def the_cluster(graph: Graph) -> Resource:
    (cluster,) = of_type(graph, "ManagedCluster").values()
    return cluster


def test_the_provider_works_on_one_subscription_and_everything_is_marked(azure: Graph) -> None:
    (provider,) = [item for item in custom(azure) if item.type == "pulumi:providers:azure-native"]
    assert provider.inputs["subscriptionId"] == "11111111-2222-3333-4444-555555555555"
    assert provider.inputs["location"] == "eastus"
    markable = {"ResourceGroup", "VirtualNetwork", "NatGateway", "PublicIPAddress", "UserAssignedIdentity", "AgentPool"}
    for kind in (*markable, "ManagedCluster"):
        for item in of_type(azure, kind).values():
            assert item.inputs["tags"]["aigc-stack"] == "azure-test", item.urn
    (system,) = the_cluster(azure).inputs["agentPoolProfiles"]
    assert system["tags"]["aigc-stack"] == "azure-test"


def test_nodes_have_no_public_address_and_a_way_out_before_they_start(azure: Graph) -> None:
    (subnet,) = of_type(azure, "Subnet").values()
    assert subnet.inputs["defaultOutboundAccess"] is False
    (nat,) = of_type(azure, "NatGateway").values()
    cluster = the_cluster(azure)
    assert {subnet.urn, nat.urn} <= ancestors(azure, cluster)
    assert cluster.inputs["networkProfile"]["outboundType"] == "userAssignedNATGateway"
    pools = [*cluster.inputs["agentPoolProfiles"], *(item.inputs for item in of_type(azure, "AgentPool").values())]
    assert len(pools) == 2
    assert not any(pool["enableNodePublicIP"] for pool in pools)
    assert all(pool["vnetSubnetID"] == UNKNOWN for pool in pools), "else AKS makes a network of its own"


def test_the_tier_is_free_where_nobody_answers_for_the_uptime(azure: Graph) -> None:
    assert the_cluster(azure).inputs["sku"] == {"name": "Base", "tier": "Standard"}
    plan = azure_plan()
    assert plan.azure
    free = plan.model_copy(update={"azure": plan.azure.model_copy(update={"uptime_sla": False})})
    assert the_cluster(graph_of(lambda: build(free), "azure-free")).inputs["sku"] == {"name": "Base", "tier": "Free"}


def test_policies_are_enforced_and_the_ranges_are_the_plans(azure: Graph) -> None:
    profile, cluster = the_cluster(azure).inputs["networkProfile"], azure_plan().cluster
    assert profile["networkPolicy"] == "calico", "stacks that ship policies must enforce them, as they are written"
    assert (profile["networkPlugin"], profile["networkPluginMode"]) == ("azure", "overlay")
    assert (profile["podCidr"], profile["serviceCidr"]) == (cluster.pod_cidr, cluster.service_cidr)
    assert profile["dnsServiceIP"] == "10.48.0.10"
    (network,) = of_type(azure, "VirtualNetwork").values()
    assert network.inputs["addressSpace"]["addressPrefixes"] == [cluster.node_cidr]
    ranges = [IPv4Network(str(each)) for each in (cluster.pod_cidr, cluster.service_cidr, cluster.node_cidr)]
    assert not any(left.overlaps(right) for left in ranges for right in ranges if left is not right)


def test_people_come_by_entra_alone_and_pods_by_their_service_accounts(azure: Graph) -> None:
    inputs = the_cluster(azure).inputs
    assert inputs["disableLocalAccounts"] is True
    assert inputs["aadProfile"]["adminGroupObjectIDs"] == ["66666666-7777-8888-9999-000000000000"]
    assert inputs["aadProfile"]["managed"] is True and inputs["enableRBAC"] is True
    assert inputs["oidcIssuerProfile"] == {"enabled": True}
    assert inputs["securityProfile"]["workloadIdentity"] == {"enabled": True}
    assert inputs["storageProfile"]["blobCSIDriver"] == {"enabled": True}
    assert "servicePrincipalProfile" not in inputs


def test_identities_have_the_rights_they_need_before_the_cluster_and_no_more(azure: Graph) -> None:
    assigned = of_type(azure, "RoleAssignment")
    roles = {name: item.inputs["roleDefinitionId"].rsplit("/")[-1] for name, item in assigned.items()}
    assert roles == {
        "control-plane-network": NETWORK_CONTRIBUTOR,
        "control-plane-nodes": IDENTITY_OPERATOR,
        "nodes-pull": ACR_PULL,
    }
    assert assigned["nodes-pull"].inputs["scope"] == REGISTRY
    assert {item.inputs["principalType"] for item in assigned.values()} == {"ServicePrincipal"}
    owners = {
        name: {identity.name for identity in of_type(azure, "UserAssignedIdentity").values()
               if identity.urn in item.property_dependencies["principalId"]}
        for name, item in assigned.items()
    }  # fmt: skip
    assert owners == {
        "control-plane-network": {"control-plane"},
        "control-plane-nodes": {"control-plane"},
        "nodes-pull": {"nodes"},
    }
    assert {item.urn for item in assigned.values()} <= ancestors(azure, the_cluster(azure))


def test_the_names_of_rights_are_guids_that_stay_and_differ_between_stacks() -> None:
    plan = azure_plan()
    names = [assignment_name(plan, name) for name in ("nodes-pull", "control-plane-nodes")]
    assert len({*names}) == 2 and all(str(UUID(name)) == name for name in names)
    assert names[0] == assignment_name(azure_plan(), "nodes-pull")
    other = plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"name": "aigc-azure-other"})})
    assert assignment_name(other, "nodes-pull") != names[0]


def test_aks_makes_the_platforms_pool_with_the_cluster_and_the_others_are_resources(azure: Graph) -> None:
    cluster = the_cluster(azure)
    (system,) = cluster.inputs["agentPoolProfiles"]
    assert (system["name"], system["mode"], system["minCount"]) == ("platform", "System", 1)
    assert cluster.ignore_changes == ["agentPoolProfiles[0].count"]
    (gpu,) = of_type(azure, "AgentPool").values()
    assert (gpu.inputs["agentPoolName"], gpu.inputs["mode"]) == ("gpu", "User")
    assert gpu.ignore_changes == ["count"]
    assert cluster.urn in ancestors(azure, gpu)
    assert system["orchestratorVersion"] == gpu.inputs["orchestratorVersion"] == cluster.inputs["kubernetesVersion"]


def test_a_spot_pool_scales_to_zero_and_back_and_its_nodes_have_a_driver(azure: Graph) -> None:
    gpu = of_type(azure, "AgentPool")["gpu"].inputs
    assert (gpu["enableAutoScaling"], gpu["minCount"], gpu["maxCount"], gpu["count"]) == (True, 0, 4, 0)
    assert (gpu["scaleSetPriority"], gpu["scaleSetEvictionPolicy"], gpu["spotMaxPrice"]) == ("Spot", "Delete", -1)
    assert gpu["nodeTaints"] == [
        "nvidia.com/gpu=present:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert gpu["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert gpu["gpuProfile"] == {"driver": "Install"}
    assert gpu["availabilityZones"] == ["1"]


def test_a_pool_on_demand_says_nothing_of_spot_and_one_of_processors_nothing_of_drivers() -> None:
    plain = pool_plan(capacity=CapacityType.ON_DEMAND, accelerators_per_node=0, zones=())
    settings = pool_settings(azure_plan(), plain)
    assert settings["scale_set_priority"] == "Regular"
    assert not {"scale_set_eviction_policy", "spot_max_price", "gpu_profile"} & settings.keys()
    assert settings["availability_zones"] is None, "an empty list is not the region's choice"


def unprotected(plan: StackPlan) -> StackPlan:
    return plan.model_copy(update={"cluster": plan.cluster.model_copy(update={"deletion_protection": False})})


def test_a_protected_cluster_is_locked_and_one_without_protection_is_not(azure: Graph) -> None:
    (lock,) = of_type(azure, "ManagementLockByScope").values()
    cluster = the_cluster(azure)
    assert lock.inputs["level"] == "CanNotDelete"
    assert lock.property_dependencies["scope"] == [cluster.urn]
    assert cluster.protect and lock.protect, "else destroy takes the lock away first"
    graph = graph_of(lambda: build(unprotected(azure_plan())), "azure-test")
    assert not of_type(graph, "ManagementLockByScope") and not the_cluster(graph).protect


def test_endpoints_wait_for_nodes_their_rights_and_the_device_plugin(azure: Graph) -> None:
    before = ancestors(azure, one(azure, "Service", "gpt"))
    (release,) = [item for item in custom(azure) if item.name == "nvidia-device-plugin" and item.is_release]
    assert release.urn in before
    for kind in ("ManagedCluster", "AgentPool", "RoleAssignment"):
        assert {item.urn for item in of_type(azure, kind).values()} <= before


def test_the_device_plugin_runs_on_spot_nodes_too() -> None:
    values = device_plugin_values(azure_plan())
    assert [one["key"] for one in values["tolerations"]] == ["nvidia.com/gpu", "kubernetes.azure.com/scalesetpriority"]


def test_images_of_the_private_registry_run_by_their_tag() -> None:
    deployment = knative_config(azure_plan(), KOURIER_INGRESS_CLASS)["config-deployment"]
    skipped = deployment["registries-skipping-tag-resolving"].split(",")
    assert "aigcdev.azurecr.io" in skipped and "dev.local" in skipped
    elsewhere = knative_config(gcp_plan(), KOURIER_INGRESS_CLASS)["config-deployment"]
    assert elsewhere["registries-skipping-tag-resolving"] == "kind.local,ko.local,dev.local"


def test_nobody_but_the_nodes_may_read_that_registry(azure: Graph) -> None:
    (pull,) = [item for item in of_type(azure, "RoleAssignment").values() if item.inputs["scope"] == REGISTRY]
    nodes = of_type(azure, "UserAssignedIdentity")["nodes"]
    assert pull.property_dependencies["principalId"] == [nodes.urn], "who else reads it may resolve its tags"


def test_a_client_fetches_its_token_and_keeps_none(azure: Graph) -> None:
    (provider,) = [item for item in custom(azure) if item.type == "pulumi:providers:kubernetes"]
    assert provider.inputs["kubeconfig"] == UNKNOWN
    assert the_cluster(azure).urn in ancestors(azure, provider)
    assert [AKS_TOKEN["command"], *AKS_TOKEN["args"]][:4] == ["kubelogin", "get-token", "--login", "azurecli"]
    assert "env" not in AKS_TOKEN, "a tenant or a key would be of one person's machine"


def test_the_authority_is_read_out_of_what_azure_answers() -> None:
    config: dict[str, Any] = {"clusters": [{"cluster": {"server": "x", "certificate-authority-data": "QUJD"}}]}
    assert certificate_authority(base64.b64encode(json.dumps(config).encode()).decode()) == "QUJD"


def test_kubelets_reach_pods_and_pods_of_others_do_not() -> None:
    assert allowed(POLICIES, NODE, GPT, 8012)
    assert denied(POLICIES, Peer("default", {"app": "stranger"}, "10.32.7.7"), GPT, 8012)


def test_prometheus_asks_kubelets_and_the_api_server_asks_webhooks_through_its_agents() -> None:
    prometheus = Peer("monitoring", {"app.kubernetes.io/name": "prometheus"}, "10.32.2.2")
    assert allowed(POLICIES, prometheus, NODE, 10250)
    # Konnectivity's agents are pods of kube-system: allowed where a range means pods too (Calico), else not (Cilium).
    agent = Peer("kube-system", {"app": "konnectivity-agent"}, "10.32.3.3")
    webhook = Peer("knative-serving", {"app": "webhook"}, "10.32.1.7")
    assert not denied(POLICIES, agent, webhook, 8443) and not allowed(POLICIES, agent, webhook, 8443)


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16"])
def test_nobody_asks_for_the_nodes_identity(address: str) -> None:
    assert denied(POLICIES, GPT, Peer(address=address), 80)
    assert denied(POLICIES, Peer("knative-serving", {"app": "controller"}, "10.32.1.7"), Peer(address=address), 80)


def test_two_runs_give_one_graph(azure: Graph) -> None:
    assert graph_of(lambda: build(azure_plan()), "azure-test").to_json() == azure.to_json()
