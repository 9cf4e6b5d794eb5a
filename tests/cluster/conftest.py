"""A real API server for these tests: the local cluster, brought up when it is not."""

from __future__ import annotations

import pytest

from scripts.local.cluster_api import ClusterInfo, cluster_up
from scripts.progress import Progress


@pytest.fixture(scope="session", autouse=True)
def cluster() -> ClusterInfo:
    return cluster_up(Progress(quiet=True))
