"""In which zones of a region AWS sells a machine type; letters mean other places in another account, ids do not."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.capacity.clouds.aws.access import Access
from scripts.capacity.facts import Fact, Known, Offering, Unknown

_MOST_VALUES = 200
"""Values that one filter of EC2 takes."""


def offerings(access: Access, machine_types: Sequence[str]) -> dict[str, Fact[Offering]]:
    """Every machine type with its zones; the zones' ids are left out where they may not be read."""
    sold = access.ask("ec2:DescribeInstanceTypeOfferings", lambda: _sold(access, machine_types))
    if isinstance(sold, Unknown):
        return dict.fromkeys(machine_types, sold)
    zone_ids = access.ask("ec2:DescribeAvailabilityZones", lambda: _zone_ids(access))
    ids = zone_ids.value if isinstance(zone_ids, Known) else {}
    return {
        name: Known(Offering({zone: ids.get(zone, "") for zone in sorted(sold.value.get(name, ()))}))
        for name in machine_types
    }


def _sold(access: Access, machine_types: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    paginator = access.client("ec2").get_paginator("describe_instance_type_offerings")
    for start in range(0, len(machine_types), _MOST_VALUES):
        names = list(machine_types[start : start + _MOST_VALUES])
        pages = paginator.paginate(
            LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": names}]
        )
        for page in pages:
            for row in page["InstanceTypeOfferings"]:
                found.setdefault(row["InstanceType"], set()).add(row["Location"])
    return found


def _zone_ids(access: Access) -> dict[str, str]:
    answer = access.client("ec2").describe_availability_zones()
    return {zone["ZoneName"]: zone.get("ZoneId", "") for zone in answer["AvailabilityZones"]}
