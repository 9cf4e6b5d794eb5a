"""Rules for what a cloud makes: providers, keys, secrets, network policy, autoscaled counts, production."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from aigc.policy.pods import pools
from aigc.policy.rule import Finding, Rule, Weight
from aigc.policy.view import PROVIDER_PREFIX, Hidden, NotKnown, ResourceView, StackView, items, mapping, walk

_KEYS = {
    "aws:iam/accessKey:AccessKey": "Pod Identity",
    "gcp:serviceaccount/key:Key": "workload identity",
    "azuread:index/applicationPassword:ApplicationPassword": "workload identity",
    "azuread:index/servicePrincipalPassword:ServicePrincipalPassword": "workload identity",
}
"""What makes a key that lives for ever, and what needs none."""
_PROVIDER_KEYS = ("accessKey", "secretKey", "token", "credentials", "clientSecret")
_LOOKS_SECRET = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b")
"""Private keys, access keys of AWS, API keys of Google: each has a shape of its own."""
_AUTOSCALERS = ("cluster-autoscaler", "karpenter")
_FEWEST_ZONES = 2
_TPU_VM = "gcp:tpu/v2Vm:V2Vm"


def _named_provider(stack: StackView) -> Iterator[Finding]:
    providers = {item.urn: item for item in stack.resources if item.is_provider}
    for item in stack.resources:
        if not item.custom or item.is_provider or item.package == "pulumi":
            continue
        provider = providers.get(item.provider or "")
        if provider is None or provider.name.startswith("default"):
            yield Finding(item.urn, "it names no provider of the program", "pass the provider in its options")
        elif provider.type.removeprefix(PROVIDER_PREFIX) != item.package:
            yield Finding(item.urn, f"its provider is of {provider.type}", f"pass a provider of {item.package}")


def _in_component(stack: StackView) -> Iterator[Finding]:
    for item in stack.resources:
        if item.custom and not (item.parent_type or "").startswith("aigc:"):
            yield Finding(item.urn, "it lies in no component of ours", "make it a child: parent=self")


def _server_side(stack: StackView) -> Iterator[Finding]:
    for item in stack.of_type(f"{PROVIDER_PREFIX}kubernetes"):
        if item.inputs.get("enableServerSideApply") not in (True, "true"):
            yield Finding(item.urn, "it does not apply on the server's side", "set enable_server_side_apply")


def _no_keys(stack: StackView) -> Iterator[Finding]:
    for item in stack.resources:
        if item.type in _KEYS:
            yield Finding(item.urn, "it makes a static key", f"use {_KEYS[item.type]}")
        if item.is_provider and item.package == "pulumi":
            for name in _PROVIDER_KEYS:
                if isinstance(item.inputs.get(name), str) and item.inputs.get(name):
                    yield Finding(
                        item.urn, f"the provider holds a plain {name}", "take credentials from the environment"
                    )


def _hidden(stack: StackView) -> Iterator[Finding]:
    for item in stack.resources:
        if item.kind == "Secret":
            for name in ("data", "stringData"):
                values = [value for _, value in walk(item.inputs.get(name)) if isinstance(value, str) and value]
                if values:
                    yield Finding(item.urn, f"{name} of the Secret is plain", "wrap it in pulumi.Output.secret")
        for path, value in walk(item.inputs):
            if isinstance(value, str) and _LOOKS_SECRET.search(value):
                yield Finding(item.urn, f"{'.'.join(path)} looks like a key and is plain", "make it a secret")


def _gke_enforces(cluster: ResourceView, _: StackView) -> bool:
    own = mapping(cluster.inputs.get("networkPolicy")).get("enabled")
    return cluster.inputs.get("datapathProvider") == "ADVANCED_DATAPATH" or own is True


def _eks_enforces(cluster: ResourceView, stack: StackView) -> bool:
    if mapping(cluster.inputs.get("computeConfig")).get("enabled") is True:
        return _auto_mode_enforces(stack)
    for addon in stack.of_type("aws:eks/addon:Addon"):
        values = addon.inputs.get("configurationValues")
        if addon.inputs.get("addonName") == "vpc-cni" and isinstance(values, str):
            return re.search(r'"enableNetworkPolicy":\s*"?true"?', values) is not None
    return False


def _auto_mode_enforces(stack: StackView) -> bool:
    """Its CNI is no add-on: an object switches it on for the cluster, and a word of each node class for its nodes."""
    switched = any(
        item.metadata.get("name") == "amazon-vpc-cni"
        and mapping(item.inputs.get("data")).get("enable-network-policy-controller") == "true"
        for item in stack.objects("ConfigMap")
    )
    specs = (mapping(item.inputs.get("spec")) for item in stack.objects("NodeClass"))
    return switched and all(spec.get("networkPolicy") in ("DefaultAllow", "DefaultDeny") for spec in specs)


def _aks_enforces(cluster: ResourceView, _: StackView) -> bool:
    network = mapping(cluster.inputs.get("networkProfile"))
    return network.get("networkPolicy") in ("azure", "calico", "cilium") or network.get("networkDataplane") == "cilium"


_ENFORCES: dict[str, Callable[[ResourceView, StackView], bool]] = {
    "gcp:container/cluster:Cluster": _gke_enforces,
    "aws:eks/cluster:Cluster": _eks_enforces,
    "azure-native:containerservice:ManagedCluster": _aks_enforces,
}


def _enforced(stack: StackView) -> Iterator[Finding]:
    if not any(stack.objects("NetworkPolicy")):
        return
    for item in stack.of_type(*_ENFORCES):
        if not _ENFORCES[item.type](item, stack):
            problem = "the stack ships network policies and the cluster does not enforce them"
            yield Finding(item.urn, problem, "switch the cloud's enforcement on")


def _ignored(stack: StackView) -> Iterator[Finding]:
    for pool in pools(stack):
        if not pool.autoscaled:
            continue
        missing = [name for name in pool.counts if name not in pool.resource.ignore_changes]
        if missing:
            problem = f"an autoscaler owns {', '.join(missing)}, which the next apply would set back"
            yield Finding(pool.resource.urn, problem, f"add to ignore_changes: {', '.join(missing)}")
    scaled = {
        str(mapping(mapping(item.inputs.get("spec")).get("scaleTargetRef")).get("name"))
        for item in stack.objects("ScaledObject", "HorizontalPodAutoscaler")
    }
    for item in stack.objects("Deployment"):
        replicas = mapping(item.inputs.get("spec")).get("replicas")
        if item.metadata.get("name") in scaled and replicas is not None and "spec.replicas" not in item.ignore_changes:
            problem = "an autoscaler owns spec.replicas, which the next apply would set back"
            yield Finding(item.urn, problem, "leave replicas out")


def _back_from_zero(stack: StackView) -> Iterator[Finding]:
    charts = {str(item.inputs.get("chart")).rsplit("/", 1)[-1] for item in stack.releases()}
    for pool in pools(stack):
        if pool.min_nodes != 0 or pool.cloud_scales or charts & set(_AUTOSCALERS):
            continue
        if pool.resource.kind == "NodePool" and _aks_runs_karpenter(stack):
            continue
        problem = "the pool goes to zero and nothing brings a node back"
        yield Finding(pool.resource.urn, problem, "add an autoscaler of nodes, or keep one node")


def _aks_runs_karpenter(stack: StackView) -> bool:
    clusters = stack.of_type("azure-native:containerservice:ManagedCluster")
    return any(mapping(item.inputs.get("nodeProvisioningProfile")).get("mode") == "Auto" for item in clusters)


def _protected(stack: StackView) -> Iterator[Finding]:
    for item in stack.of_type(*_ENFORCES) if stack.production else ():
        if not item.protect and item.inputs.get("deletionProtection") is not True:
            yield Finding(item.urn, "the cluster of a production stack may be deleted", "set deletion_protection")
    for item in stack.of_type(_TPU_VM) if stack.production else ():
        if not item.protect and item.inputs.get("deletionPolicy") != "PREVENT":
            yield Finding(item.urn, "the TPU VM of a production stack may be deleted", "set deletion_policy: PREVENT")


def _zones(stack: StackView) -> Iterator[Finding]:
    for pool in pools(stack) if stack.production else ():
        inputs = pool.resource.inputs
        named = inputs.get("nodeLocations", inputs.get("subnetIds", pool.zones))
        one_zone = isinstance(inputs.get("location"), str) and inputs["location"].count("-") > 1
        if one_zone or (named is not None and not isinstance(named, Hidden | NotKnown) and _few(named)):
            yield Finding(pool.resource.urn, "a production pool lies in one zone", "name two zones or more")


def _few(named: object) -> bool:
    return len(items(named)) < _FEWEST_ZONES


RULES = (
    Rule("providers-are-named", "Every resource names its provider.", Weight.MANDATORY, _named_provider),
    Rule("parents-are-components", "Every resource lies in a component.", Weight.MANDATORY, _in_component),
    Rule("server-side-apply", "Objects are applied on the server's side.", Weight.MANDATORY, _server_side, alone=True),
    Rule("no-static-keys", "Nothing makes or holds a static key.", Weight.MANDATORY, _no_keys, alone=True),
    Rule("secrets-are-hidden", "Secrets are never plain.", Weight.MANDATORY, _hidden, needs_secretness=True),
    Rule("network-policy-is-enforced", "The cloud enforces network policies.", Weight.MANDATORY, _enforced),
    Rule("autoscaled-counts-are-ignored", "What an autoscaler counts is its own.", Weight.MANDATORY, _ignored),
    Rule("back-from-zero", "A pool that goes to zero comes back.", Weight.MANDATORY, _back_from_zero),
    Rule(
        "production-is-protected",
        "Production clusters and TPU VMs are not deleted by accident.",
        Weight.MANDATORY,
        _protected,
        alone=True,
    ),
    Rule("production-has-zones", "Production pools span zones.", Weight.MANDATORY, _zones, alone=True),
)
