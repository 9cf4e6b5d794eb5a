"""Small graphs of the shapes that programs declare."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scripts.engine.graph import STACK_TYPE, Graph, Resource, make_graph
from scripts.engine.rules import make_urn
from scripts.engine.wire import UNKNOWN

STACK, PROJECT = "some-dev", "aigc"
ROOT = f"urn:pulumi:{STACK}::{PROJECT}::{STACK_TYPE}::{PROJECT}-{STACK}"
KUBERNETES = "pulumi:providers:kubernetes"
CLUSTER, POOL, GROUP = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool", "aws:eks/nodeGroup:NodeGroup"
TEMPLATE, AGENT_POOL = "aws:ec2/launchTemplate:LaunchTemplate", "azure-native:containerservice:AgentPool"


def urn(type_token: str, name: str) -> str:
    return make_urn(STACK, PROJECT, ROOT, type_token, name)


def resource(type_token: str, name: str, inputs: dict[str, Any], **more: Any) -> Resource:
    values: dict[str, Any] = {"urn": urn(type_token, name), "type": type_token, "name": name, "parent": ROOT}
    return Resource(**{**values, "custom": True, "inputs": inputs, **more})


def graph(*resources: Resource) -> Graph:
    root = Resource(urn=ROOT, type=STACK_TYPE, name=f"{PROJECT}-{STACK}", parent="", custom=False, inputs={})
    return make_graph(PROJECT, STACK, (root, *resources), {})


def gke_pool(name: str = "l4", **config: Any) -> Resource:
    taint = {"effect": "NO_SCHEDULE", "key": "nvidia.com/gpu", "value": "present"}
    node = {"machineType": "g2-standard-8", "spot": True, "taints": [taint], "labels": {"aigc/pool": name}}
    inputs = {
        "name": name,
        "cluster": UNKNOWN,
        "location": "us-central1",
        "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 2},
        "nodeConfig": node | config,
    }
    return resource(
        POOL,
        name,
        inputs,
        ignore_changes=["initialNodeCount", "nodeCount"],
        property_dependencies={"cluster": [urn(CLUSTER, "cluster")]},
        dependencies=[urn(CLUSTER, "cluster")],
    )


def config_map(name: str, data: dict[str, str], **more: Any) -> Resource:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "models"}, "data": data}
    return resource("kubernetes:core/v1:ConfigMap", f"models/{name}", inputs, **more)


def with_inputs(item: Resource, **inputs: Any) -> Resource:
    return replace(item, inputs=item.inputs | inputs)
