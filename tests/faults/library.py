"""All faults, in the order in which they are caused: cheap ones first, those that rebuild the cluster last."""

from __future__ import annotations

from tests.faults.disk import disk_full
from tests.faults.hang import hung_triton
from tests.faults.host import node_restart, older_copy, power_lost
from tests.faults.kills import kills
from tests.faults.monitoring import prometheus_gone
from tests.faults.version import crash_looping_version

FAULTS = (
    *kills(),
    prometheus_gone(),
    hung_triton(),
    disk_full(),
    crash_looping_version(),
    node_restart(),
    power_lost(),
    older_copy(),
)
