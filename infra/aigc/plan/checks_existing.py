"""Checks of pools on a cluster that somebody has: they describe nodes, and nothing of them is a cloud's."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.catalog import labels, limits
from aigc.catalog.accelerators import accelerators
from aigc.catalog.kinds import Cloud
from aigc.config.nodes_spec import NodesSpec
from aigc.config.problems import Problem, did_you_mean, printable
from aigc.config.spec import ModelSpec, PoolSpec, StackSpec
from aigc.plan.existing_nodes import labels_of_nodes, resource_key

Where = tuple[str | int, ...]
_MEANT = {"machine_type", "nodes", "min_nodes", "max_nodes"}
"""Keys of a pool that mean something here; the others are what a cloud is asked for."""
_OF_ACCELERATOR = ("accelerators_per_node", "resource_key", "install_device_plugin")
_NAME = "lowercase letters, digits and hyphens, 63 at most"
_LABEL = "letters, digits, hyphens, underscores and dots; `kubectl get nodes --show-labels` shows what there is"


def existing_pool_problems(spec: StackSpec) -> Iterator[Problem]:
    """Everything that is wrong with the pools of a cluster that is there already."""
    first_with: dict[frozenset[tuple[str, str]], str] = {}
    for name, pool in spec.pools.items():
        path = ("pools", name)
        if not limits.RFC1123_LABEL.fullmatch(name) or len(name) > limits.DNS_LABEL_CHARS:
            yield Problem(path, "cannot be a pool's name: it is the value of a label", _NAME)
        for key in sorted(pool.model_fields_set - _MEANT):
            yield Problem((*path, key), "means nothing on cloud existing: its nodes are there already", "remove it")
        if pool.nodes is None:
            way_out = "add nodes: {vcpus: ..., memory_gib: ...}, as `kubectl describe node` shows them"
            yield Problem((*path, "nodes"), "is missing: cloud existing makes no nodes", way_out)
            continue
        yield from _nodes((*path, "nodes"), pool.nodes)
        chosen = frozenset(labels_of_nodes(name, pool.nodes).items())
        if chosen in first_with:
            problem = f"chooses the nodes of {printable(first_with[chosen])}, which would be counted twice"
            yield Problem((*path, "nodes", "node_selector"), problem, "name labels that only these nodes have")
        first_with.setdefault(chosen, name)


def nodes_elsewhere(spec: StackSpec, path: Where, pool: PoolSpec) -> Iterator[Problem]:
    """On a cloud a pool is machines that it makes, and describes none that are there."""
    if pool.nodes is not None:
        problem = f"means nothing on cloud {spec.cloud}, which makes the nodes"
        yield Problem((*path, "nodes"), problem, "remove it and name a machine_type")


def _nodes(path: Where, nodes: NodesSpec) -> Iterator[Problem]:
    for key, value in nodes.node_selector.items():
        where = (*path, "node_selector", key)
        if not limits.LABEL_KEY.fullmatch(key) or not limits.LABEL_VALUE.fullmatch(value):
            yield Problem(where, f"{printable(key)}: {printable(value)} cannot be a label of a node", _LABEL)
    for index, taint in enumerate(nodes.taints):
        if not limits.LABEL_KEY.fullmatch(taint.key) or not limits.LABEL_VALUE.fullmatch(taint.value):
            said = f"{printable(taint.key)}={printable(taint.value)}"
            yield Problem((*path, "taints", index), f"{said} cannot be a taint", _LABEL)
    if nodes.accelerator is None:
        for key in _OF_ACCELERATOR:
            if getattr(nodes, key):
                yield Problem((*path, key), "means nothing without accelerator", "name the accelerator, or remove it")
    elif nodes.accelerator not in accelerators():
        hint = did_you_mean(nodes.accelerator, accelerators(), "accelerators")
        yield Problem((*path, "accelerator"), f"{printable(nodes.accelerator)} is not in the catalog", hint)
    else:
        yield from _resource(path, nodes, nodes.accelerator)


def _resource(path: Where, nodes: NodesSpec, accelerator: str) -> Iterator[Problem]:
    key, where = resource_key(nodes), (*path, "resource_key")
    if key is None:
        problem = f"is missing: what {accelerator} is advertised as is the card's own"
        yield Problem(where, problem, "add it; `kubectl describe node` lists it under Allocatable")
        return
    if not limits.EXTENDED_RESOURCE.fullmatch(key):
        yield Problem(where, f"{printable(key)} is no extended resource", "write domain/name: nvidia.com/gpu")
    elif key.startswith(f"{labels.INTEL_FPGA_DOMAIN}/") and not (
        limits.FPGA_REGION.fullmatch(key) or limits.FPGA_FUNCTION.fullmatch(key)
    ):
        problem = f"{printable(key)} is nothing that Intel's FPGA plugin advertises"
        yield Problem(where, problem, "region- and 32 hex digits, or af-, as `kubectl describe node` has it")
    elif nodes.install_device_plugin and not (key == labels.NVIDIA_RESOURCE or limits.FPGA_FUNCTION.fullmatch(key)):
        problem = f"no plugin is installed here for {printable(key)}"
        if limits.FPGA_REGION.fullmatch(key):
            problem = (
                "mode region programs cards through Intel's webhook and cert-manager, which are not installed here"
            )
        yield Problem((*path, "install_device_plugin"), problem, "install it yourself and leave this out")


def existing_model_problems(spec: StackSpec, path: Where, asked: ModelSpec, key: str | None) -> Iterator[Problem]:
    """What an endpoint cannot have here; `key` is what it would request where no pool is described."""
    if spec.cloud is not Cloud.EXISTING:
        return
    first = asked.accelerators[0] if asked.accelerators else None
    if not spec.pools and first in accelerators() and key is None:
        problem = f"nothing says under which name {first} is advertised"
        yield Problem((*path, "accelerators", 0), problem, "describe its nodes under pools, with their resource_key")
    wanted = spec.pools.get(asked.pool or "")
    for index, name in enumerate((asked.pool, *asked.overflow_pools) if asked.overflow_pools else ()):
        pool = spec.pools.get(name or "")
        if name is None or pool is None or pool.nodes is None or wanted is None or wanted.nodes is None:
            continue
        where = (*path, "overflow_pools", index - 1) if index else (*path, "pool")
        if labels_of_nodes(name, pool.nodes).get(labels.POOL_LABEL) != name:
            problem = f"the nodes of {printable(name)} are chosen by labels of yours, and several pools only by ours"
            yield Problem(where, problem, f"label its nodes aigc/pool={name} and leave node_selector out")
        if resource_key(pool.nodes) != resource_key(wanted.nodes):
            problem = f"{printable(name)} advertises another resource, and one version asks for one"
            yield Problem(where, problem, "name pools of the same resource_key")
