"""What a stack file says of an answer: pools, and endpoints with their batching, replicas and scaling."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from aigc.catalog.kinds import CapacityType, Cloud
from aigc.plan.fleet.answer import FleetPlan, RentedMachines
from aigc.plan.fleet.predicted import predicted_latency
from aigc.plan.fleet.shares import WHOLE
from aigc.plan.fleet.stack_parts import Landed, folder_of, landed, replicas_held, share_of
from aigc.plan.fleet.wanted import WantedFleet, WantedModel
from aigc.plan.repository import Model, TritonConfig

_DIGITS = 4
"""Of what is predicted: nobody knows more of it."""
_AZURE_POOL_CHARS = 10
"""Of the 12 that a pool's name may have there, two are left for a number."""


def stack_documents(answer: FleetPlan, wanted: WantedFleet, models: Mapping[str, Model]) -> dict[Cloud, dict[str, Any]]:
    """The object `aigc:stack` for each cloud of the answer; `models` has the repository's by folder."""
    every = landed(answer, wanted.largest_pod)
    clouds = dict.fromkeys(Cloud(one.cloud) for one in answer.machines)
    return {cloud: _document(cloud, answer, wanted, models, every) for cloud in clouds}


def _document(
    cloud: Cloud, answer: FleetPlan, wanted: WantedFleet, models: Mapping[str, Model], every: Sequence[Landed]
) -> dict[str, Any]:
    base: dict[str, Any] = dict(wanted.stacks.get(cloud, {}))
    others = base.get("pools", {})
    others = others if isinstance(others, dict) else {}
    names = _pool_names(cloud, answer.machines, others)
    here = [one for one in every if one.pool in names]
    endpoints: dict[str, Any] = {}
    kept = dict.fromkeys(names, 0)
    for model in wanted.models:
        # What is there longest comes first: the floor of the replicas is on it.
        of_model = [one for one in here if one.placed.model == model.name]
        of_model.sort(key=lambda one: one.placed.capacity is CapacityType.SPOT)
        folder = folder_of(model)
        if of_model and folder is not None:
            endpoints[folder] = _endpoint(model, of_model, names, models[folder].config)
            left = endpoints[folder]["replicas"]["min"]
            for one in of_model:
                kept[one.pool] += min(left, one.count)
                left -= min(left, one.count)
    held = {at: replicas_held(answer.machines[at], wanted.largest_pod) for at in names}
    pools = {name: _pool(answer.machines[at], math.ceil(kept[at] / held[at]), base) for at, name in names.items()}
    region = next(answer.machines[at].region for at in names)
    return {"cloud": cloud.value, "region": region, **base, "pools": {**others, **pools}, "models": endpoints}


def _pool_names(cloud: Cloud, rented: Sequence[RentedMachines], others: Mapping[str, Any]) -> dict[int, str]:
    """By index among the machines: the accelerator's, since that is what an endpoint is put on."""
    names: dict[int, str] = {}
    for at, one in enumerate(rented):
        if one.cloud != cloud:
            continue
        plain = one.accelerator_id.removeprefix("nvidia-") + ("-spot" if one.capacity is CapacityType.SPOT else "")
        plain = plain.replace("-", "")[:_AZURE_POOL_CHARS] if cloud is Cloud.AZURE else plain
        between = "" if cloud is Cloud.AZURE else "-"
        taken = {*others, *names.values()}
        numbered = (f"{plain}{between}{number}" for number in range(2, len(rented) + len(others) + 3))
        names[at] = next(name for name in (plain, *numbered) if name not in taken)
    return names


def _pool(one: RentedMachines, min_nodes: int, base: Mapping[str, Any]) -> dict[str, Any]:
    share = share_of(one)
    pool: dict[str, Any] = {
        "machine_type": one.machine_type,
        "capacity": one.capacity.value,
        "min_nodes": min_nodes,
        "max_nodes": one.count,
    }
    if share.turns > 1:
        pool["sharing"] = {"max_clients": share.turns}
    elif share.name != WHOLE:
        pool["partition"] = share.name
    zones = base.get("zones")
    if one.zones > 1 and isinstance(zones, list):
        pool["zones"] = zones[: one.zones]
    return pool


def _endpoint(
    model: WantedModel, here: Sequence[Landed], names: Mapping[int, str], config: TritonConfig
) -> dict[str, Any]:
    pools = list(dict.fromkeys(names[one.pool] for one in here))
    rate = sum(_requests_per_second(model, one) for one in here)
    latencies = [predicted_latency(one.placed) for one in here]
    each = min(one.placed.requests_per_second for one in here)
    count = sum(one.count for one in here)
    spare = count - math.ceil(rate / each)
    mean = rate / model.peak_factor
    return {
        "mode": "steady",
        "pool": pools[0],
        **({"overflow_pools": pools[1:]} if len(pools) > 1 else {}),
        "replicas": {"min": max(1, min(count, math.ceil(mean / each) + spare)), "max": count},
        "traffic": {"requests_per_second": _said(mean), "peak_factor": model.peak_factor, **_sizes(model)},
        "slo": {"p99_ms": min(one.p99_ms or model.p99_ms for one in model.classes)},
        "batching": _batching(min(one.placed.max_batch for one in here), config),
        "scaling": {"target_concurrency": max(1, math.floor(min(one.in_flight for one in latencies)))},
        "predicted": {
            "requests_per_second": _said(each),
            "p50_ms": _said(max(one.p50_ms for one in latencies)),
            "p99_ms": _said(max(one.p99_ms for one in latencies)),
        },
    }


def _requests_per_second(model: WantedModel, one: Landed) -> float:
    """Of the model, to these replicas, at the rate that the answer is for."""
    placed = one.placed
    routed = sum(its.share * placed.shares.get(its.name, 0.0) for its in model.classes)
    return model.requests_per_second * routed * one.count / placed.count


def _sizes(model: WantedModel) -> dict[str, Any]:
    """Means over all classes of what a stack file has keys for."""
    means = {
        "input_tokens": round(sum(one.share * one.request.tokens_in for one in model.classes)),
        "output_tokens": round(sum(one.share * one.request.tokens_out for one in model.classes)),
        "input_seconds": _said(sum(one.share * one.request.audio_seconds for one in model.classes)),
    }
    return {key: value for key, value in means.items() if value}


def _batching(max_batch: int, config: TritonConfig) -> dict[str, Any]:
    """As the queue has it that the answer goes by: one instance, and nobody waits for a batch to fill."""
    if config.max_batch_size == 0:
        return {"override": True, "max_batch_size": 0, "dynamic": False, "instances": 1}
    return {"override": True, "max_batch_size": max_batch, "dynamic": True, "max_queue_delay_us": 0, "instances": 1}


def _said(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
