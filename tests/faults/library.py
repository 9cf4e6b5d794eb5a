"""All faults, in the order in which they are caused: cheap ones first, those that rebuild the cluster last."""

from __future__ import annotations

from collections.abc import Collection

from tests.faults.alarm import Watched, unnamed
from tests.faults.disk import disk_full
from tests.faults.hang import hung_triton
from tests.faults.host import node_restart, older_copy, power_lost
from tests.faults.kills import kills
from tests.faults.monitoring import prometheus_gone
from tests.faults.version import crash_looping_version

KILLS = kills()
OTHERS = (
    # A new Prometheus, which remembers no alert: after the kills were asked for.
    prometheus_gone(),
    hung_triton(),
    disk_full(),
    crash_looping_version(),
    node_restart(),
    power_lost(),
    older_copy(),
)
FAULTS = (*KILLS, *OTHERS)


def kills_unnamed(caused: Collection[str], watched: Watched, since: float) -> list[str]:
    """Of the kills with these names those that no alert named since a Unix time, in words."""
    alarms = [(kill.name, kill.alarm) for kill in KILLS if kill.name in caused and kill.alarm]
    return unnamed(alarms, watched, since)
