"""A fleet's control plane starts beside whatever runs here, and leaves nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fleets.namespaces import run_inside

pytestmark = pytest.mark.cluster


def host() -> tuple[object, ...]:
    """What a fleet could have touched: links, mounts, its folder."""
    links = sorted(path.name for path in Path("/sys/class/net").iterdir() if not path.name.startswith("veth"))
    mounts = [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "fleet" in line]
    return links, mounts, sorted(Path("/tmp").glob("aigc-fleet-*"))  # noqa: S108


def test_it_starts_unseen_by_the_local_cluster_and_leaves_nothing() -> None:
    before = host()
    done = run_inside("tests.fleets.empty")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {"default", "kube-system"} <= set(seen["namespaces"])
    assert seen["marked"] == []
    assert host() == before
