"""Small problems in round numbers, machines for them, and a rule in place of a queue."""

from __future__ import annotations

from typing import Any

from aigc.catalog.kinds import CapacityType
from aigc.catalog.machines import Machine
from aigc.catalog.model_work import ModelWork, Precision, UnitWork
from aigc.plan.cost_model.request import Request
from aigc.plan.cost_model.served_work import ServedWork
from aigc.plan.fleet.batch_times import ServedModel
from aigc.plan.fleet.wanted import RequestClass, WantedFleet, WantedModel
from aigc.plan.mix.demand import Array

LARGE, SMALL = "nvidia-a100-80gb-sxm", "nvidia-l4"
WORK = ModelWork(
    precision=Precision.FP16_BF16,
    weight_bytes=2e9,
    kv_cache_bytes_per_token=1e5,
    token_in=UnitWork(flops=2e9, activation_bytes=0),
    token_out=UnitWork(flops=2e9, activation_bytes=0),
)
"""About what a model of a billion parameters of 2 bytes does."""
SHORT, LONG = Request(tokens_in=100, tokens_out=20), Request(tokens_in=500, tokens_out=50)


def half_full(batch_ms: Array, p99_ms: float) -> float:
    """Batches that end within half the objective, at half of what they can do: not less at a looser one."""
    rates = [500 * (at + 1) / ms for at, ms in enumerate(batch_ms) if 2 * ms <= p99_ms]
    return max(rates, default=0.0)


def model(name: str = "chat", rate: float = 10.0, p99_ms: float = 2000.0, **changed: Any) -> WantedModel:
    """A model with three short requests in four."""
    classes = (
        RequestClass(name="short", share=0.75, request=SHORT),
        RequestClass(name="long", share=0.25, request=LONG),
    )
    values = {"name": name, "requests_per_second": rate, "p99_ms": p99_ms, "classes": classes, "work": WORK}
    return WantedModel.model_validate({**values, **changed})


def fleet(*models: WantedModel, **changed: Any) -> WantedFleet:
    """A problem with such models."""
    return WantedFleet.model_validate({"models": models or (model(),), **changed})


def served(wanted: WantedFleet) -> list[ServedModel]:
    """Its models, by arithmetic alone."""
    return [ServedModel(one, ServedWork(one.name, one.work or WORK)) for one in wanted.models]


def machine(accelerator_id: str = SMALL, usd: float | None = 1.0, count: float = 1, **changed: Any) -> Machine:
    """A machine that is in no price list."""
    row = {
        "cloud": "gcp",
        "machine_type": f"{accelerator_id}-x{count:g}",
        "vcpus": 8 * max(1, int(count)),
        "accelerator": f"a {accelerator_id}",
        "accelerator_id": accelerator_id,
        "accelerator_count": count,
        "usd_per_hour_on_demand": usd,
        "price_region": "here",
        "k8s_resource": "nvidia.com/tpu",
        "quota": {"on_demand": f"{accelerator_id}-quota", "unit": "GPU per region"},
        "status": "current",
        "source": ("none",),
    }
    return Machine.model_validate({**row, **changed})


def sharable(*arguments: Any, **changed: Any) -> Machine:
    """A machine whose GPU may be cut."""
    return machine(*arguments, **{"k8s_resource": "nvidia.com/gpu", **changed})


ON_DEMAND, SPOT = CapacityType.ON_DEMAND, CapacityType.SPOT
