"""TPUs beside the cluster: what the stack file says, the machines that form its slice, what they cost and count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from aigc.catalog.kinds import CapacityType
from aigc.catalog.limits import COMPUTE_NAME_CHARS
from aigc.catalog.machines import Machine
from aigc.catalog.prices import price_in
from aigc.catalog.services import HOURS_PER_MONTH
from aigc.catalog.tpu_vms import TpuVmKind, tpu_vm_kinds
from aigc.config.spec import StackSpec
from aigc.config.tpu_vm_spec import TpuVmSpec
from aigc.plan.cost import CostInterval, CostItem
from aigc.plan.names import cluster_name, physical
from aigc.plan.slices import axes, can_form
from aigc.plan.stack_plan import QuotaPlan, TpuVmPlan

_UNIT = "TPU chip per zone"
_UNIT_OF_CORES = f"{_UNIT}, twice that where it counts TensorCores"


def machine_of_slice(kind: TpuVmKind, topology: str) -> Machine | None:
    """The machine type of a slice: the one that is the whole slice, else the one whose machines form it."""
    whole = [row for row in kind.machines if topology in row.topologies_single_host]
    return next((row for row in (*whole, *kind.machines) if can_form(row, topology)), None)


def tpu_vms(spec: StackSpec, stack: str) -> tuple[TpuVmPlan, ...]:
    """Those of a spec without faults, in the file's order."""
    return tuple(_vm(stack, name, asked) for name, asked in spec.tpu_vms.items())


def _vm(stack: str, name: str, asked: TpuVmSpec) -> TpuVmPlan:
    kind = tpu_vm_kinds()[asked.accelerator]
    machine = machine_of_slice(kind, asked.topology)
    runtime = asked.runtime_version or kind.runtime_version
    assert machine and machine.chips_per_node and kind.api_type and runtime  # noqa: S101 - refused by the checks
    chips = math.prod(axes(asked.topology))
    hosts = chips // machine.chips_per_node
    return TpuVmPlan(
        name=name,
        physical_name=physical(f"{cluster_name(stack)}-{name}", COMPUTE_NAME_CHARS),
        zone=asked.zone,
        accelerator=asked.accelerator,
        api_type=kind.api_type,
        topology=asked.topology,
        chips=chips,
        hosts=hosts,
        runtime_version=runtime,
        capacity=asked.capacity,
        image=asked.image,
        command=asked.command,
        files=asked.files,
        port=asked.port,
        quota=_quota(kind, asked.capacity, hosts),
    )


def _quota(kind: TpuVmKind, capacity: CapacityType, hosts: int) -> str | None:
    if capacity is CapacityType.ON_DEMAND:
        return (kind.quota_one_host if hosts == 1 else None) or kind.quota
    # What is reserved has a quota of its own, which nobody has sourced.
    return kind.quota_spot if capacity is CapacityType.SPOT else None


def tpu_vm_quotas(vms: Iterable[TpuVmPlan]) -> Iterator[QuotaPlan]:
    """A row a quota and zone: another zone has another limit."""
    rows: dict[tuple[str | None, str], QuotaPlan] = {}
    for vm in vms:
        name = f"Cloud TPU, {vm.accelerator} ({vm.capacity}) in {vm.zone}"
        known = rows.get((vm.quota, name))
        rows[vm.quota, name] = QuotaPlan(
            name=name,
            code=vm.quota,
            unit=_UNIT_OF_CORES if tpu_vm_kinds()[vm.accelerator].maybe_in_cores else _UNIT,
            needed=float(vm.chips) + (known.needed if known else 0.0),
            pools=(*(known.pools if known else ()), f"TPU VM {vm.name}"),
        )
    return iter(rows.values())


def tpu_vm_costs(spec: StackSpec, vms: Iterable[TpuVmPlan]) -> Iterator[tuple[CostItem, list[str]]]:
    """A line of the bill a slice, the same in every state: it stays, whether anybody asks it something or not."""
    for vm in vms:
        machine = machine_of_slice(tpu_vm_kinds()[vm.accelerator], vm.topology)
        assert machine is not None  # noqa: S101 - a slice of the plan has one
        what = f"TPU VM {vm.name} ({vm.chips} chips {vm.accelerator})"
        price = price_in(machine, spec.region)
        on_demand = price.on_demand if price else None
        low, gaps = on_demand, []
        if on_demand is None:
            gaps = [f"{what}: {f'priced only in {machine.price_region}' if price is None else 'no price is known'}"]
        elif vm.capacity is CapacityType.SPOT:
            # A snapshot of a spot price is no promise: on-demand is the upper bound.
            low = price.spot if price else None
        elif vm.capacity is CapacityType.RESERVED:
            gaps = [f"{what}: what its reservation costs while nothing uses it, or saves"]
        each = CostInterval(
            usd_per_month_low=(low or 0.0) * vm.hosts * HOURS_PER_MONTH,
            usd_per_month_high=None if on_demand is None else on_demand * vm.hosts * HOURS_PER_MONTH,
        ).rounded()
        asked_on = price.asked_on.isoformat() if price and price.asked_on and on_demand is not None else None
        yield CostItem(name=what, floor=each, at_plan=each, maximum=each, price_date=asked_on), gaps
