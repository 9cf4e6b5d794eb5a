"""A few hundred requests through the gateway, as the soak sends 100,000: all answered, and with the known answers."""

from __future__ import annotations

import subprocess

import pytest

from tests.soak import volume

pytestmark = pytest.mark.live

REQUESTS = 400


def test_all_are_answered_and_none_wrongly(first_up: subprocess.CompletedProcess[str]) -> None:
    result = volume.run(REQUESTS)
    assert result["objections"] == []
    assert (result["failed"], result["wrong"]) == (0, 0)
    assert all(mib["after"] > 0 for mib in result["memory_mib"].values()), result["memory_mib"]
