"""What is reserved on EC2 for a pool: on-demand capacity reservations and Capacity Blocks, which AWS lists as one."""

from __future__ import annotations

from typing import Any

from aigc.plan.stack_plan import PoolPlan
from scripts.capacity.clouds.aws.access import Access
from scripts.capacity.facts import Fact, Known, Reserved, Unknown


def reserved(access: Access, pool: PoolPlan) -> Fact[Reserved]:
    """Machines of the pool's type in active reservations; one that has not begun, or is over, keeps nothing now."""
    answer = access.ask("ec2:DescribeCapacityReservations", lambda: _active(access, pool))
    if isinstance(answer, Unknown):
        return answer
    zones: dict[str, tuple[int, int]] = {}
    for row in answer.value:
        total, free = zones.get(row["AvailabilityZone"], (0, 0))
        zones[row["AvailabilityZone"]] = total + row["TotalInstanceCount"], free + row["AvailableInstanceCount"]
    return Known(Reserved(zones))


def _active(access: Access, pool: PoolPlan) -> list[dict[str, Any]]:
    filters = [{"Name": "instance-type", "Values": [pool.machine_type]}, {"Name": "state", "Values": ["active"]}]
    named = pool.reservation
    ids = {"CapacityReservationIds": [named]} if named else {}
    paginator = access.client("ec2").get_paginator("describe_capacity_reservations")
    return [row for page in paginator.paginate(Filters=filters, **ids) for row in page["CapacityReservations"]]
