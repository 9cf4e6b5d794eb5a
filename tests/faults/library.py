"""All faults, in the order in which they are caused: those that cost little first."""

from __future__ import annotations

from tests.faults.kills import kills

FAULTS = (*kills(),)
