"""What a fleet should have shown, out of the plan alone, and what it did not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from aigc.foundation.accelerators import pools_with
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from tests.fleets.footprints import Footprint
from tests.fleets.scenes import WAITING, Load, Placed, Scene, expected, or_else, replicas


def objections(plan: StackPlan, scene: Scene, before: Placed, seen: Placed) -> list[str]:
    """Everything about endpoints that was otherwise in a scene.

    Args:
        plan: of the stack.
        scene: what there was of nodes and requests.
        before: where pods should have been in the scene before this one.
        seen: where they were in this one.
    """
    wanted = expected(plan, scene, before)
    return [
        f"{scene.name}, {endpoint.name}: {words}"
        for endpoint in plan.endpoints
        for words in _off(endpoint, scene, wanted[endpoint.name], seen.get(endpoint.name, {}))
    ]


def _off(endpoint: EndpointPlan, scene: Scene, wanted: Mapping[str, int], seen: Mapping[str, int]) -> Iterator[str]:
    total, should = sum(seen.values()), replicas(endpoint, scene.load)
    if total != should:
        yield f"{total} pods, the plan says {should}"
    if strangers := sorted(seen.keys() - {*endpoint.pools, WAITING}):
        yield f"pods on {', '.join(strangers)}, the plan says {', '.join(endpoint.pools)}"
    waiting, may = seen.get(WAITING, 0), wanted.get(WAITING, 0)
    # Without devices more than one may find room on a node: what a plan counts on is the least.
    if waiting > may or (waiting < may and endpoint.resources.accelerators):
        yield f"{waiting} pods wait for {or_else(endpoint.pools)}, the plan says {may}"
    if scene.load is Load.IDLE:
        return  # which of the others goes is the ReplicaSet's choice
    for index, pool in enumerate(endpoint.pools):
        first = endpoint.pools[: index + 1]
        here, least = (sum(placed.get(name, 0) for name in first) for placed in (seen, wanted))
        if here < least:
            yield f"{seen.get(pool, 0)} pods on {pool}, which has room for {wanted.get(pool, 0)} of them"
            return


def stand_ins_expected(plan: StackPlan, scene: Scene, stand_ins: Iterable[Footprint]) -> Placed:
    """Where the pods of Releases should be: one on each node with the resource, or all of them where no taint is."""
    anywhere = " or ".join(_free(plan)) or WAITING
    found: dict[str, Mapping[str, int]] = {}
    for one in stand_ins:
        nodes = {pool.name: scene.nodes[pool.name] for pool in pools_with(plan, one.on_nodes_with or "")}
        on_each = {pool: number for pool, number in nodes.items() if number}
        found[one.name] = on_each if one.on_nodes_with else {anywhere: one.pods}
    return found


def stand_in_objections(plan: StackPlan, scene: Scene, stand_ins: Iterable[Footprint], seen: Placed) -> list[str]:
    """Everything about the pods of Releases that was otherwise: they are the platform, and none of them may wait."""
    stand_ins = list(stand_ins)
    wanted = stand_ins_expected(plan, scene, stand_ins)
    found: list[str] = []
    for one in stand_ins:
        here = seen.get(one.name, {})
        right = sum(here.values()) == one.pods and here.keys() <= set(_free(plan))
        if here != wanted[one.name] if one.on_nodes_with else not right:
            found.append(f"{scene.name}, {one.name}: {_places(here)}, the plan says {_places(wanted[one.name])}")
    return found


def _free(plan: StackPlan) -> list[str]:
    return [pool.name for pool in plan.pools if not pool.taints]


def lost(before: Mapping[str, tuple[str, str]], after: Collection[str], nodes: Collection[str]) -> list[str]:
    """Pods, by their ids, that were on nodes which are still there, and are gone all the same."""
    return [
        f"{pod} on {node_name} was to stay, and is gone"
        for uid, (pod, node_name) in before.items()
        if node_name in nodes and uid not in after
    ]


def budget_objections(budgets: Iterable[Mapping[str, Any]]) -> list[str]:
    """PodDisruptionBudgets with fewer pods than they want; one that nobody counted is none to rely on."""
    found: list[str] = []
    for one in budgets:
        status = one.get("status") or {}
        healthy, wanted = status.get("currentHealthy", 0), status.get("desiredHealthy")
        if wanted is None or healthy < wanted:
            found.append(f"PodDisruptionBudget {one['metadata']['name']}: {healthy} pods, it wants {wanted}")
    return found


def scaler_objections(scene: Scene, scalers: Iterable[Mapping[str, Any]]) -> list[str]:
    """ScaledObjects that KEDA does not follow, or that fall back although their metrics are there, or the reverse."""
    should = {"Ready": True, "Fallback": scene.load is Load.UNSEEN}
    found: list[str] = []
    for one in scalers:
        said = {each["type"]: each for each in (one.get("status") or {}).get("conditions") or []}
        for name, wanted in should.items():
            condition = said.get(name, {})
            if (condition.get("status") == "True") != wanted:
                words = condition.get("message") or "KEDA says nothing of it"
                found.append(f"ScaledObject {one['metadata']['name']} is {'not ' * wanted}{name}: {words}")
    return found


def _places(placed: Mapping[str, int]) -> str:
    return ", ".join(f"{number} on {where}" for where, number in sorted(placed.items())) or "none"
