"""The stack's own objects, and only those, can be deleted in reverse order without force.

Nobody asks the models after it; that the cluster can be filled again is seen by the `up` of `test_9_down.py`.
"""

from __future__ import annotations

import subprocess

import pytest

from aigc.catalog.cache import KUBECONFIG
from scripts.local.workloads import Workloads
from tests.live.conftest import run

pytestmark = pytest.mark.live

DOWN_SECONDS = 600
"""Twice what one object may take to go: about 150 s are the drain times of Knative's own pods, 45 s each."""


def test_destroy_leaves_the_cluster(first_up: subprocess.CompletedProcess[str]) -> None:
    workloads = Workloads.connect_patiently(KUBECONFIG)
    assert {"models", "gateway"} <= set(workloads.namespaces())
    down = run([".venv/bin/python", "-m", "scripts", "down", "local", "--kubeconfig", str(KUBECONFIG)], DOWN_SECONDS)
    assert down.returncode == 0, down.stdout + down.stderr
    assert workloads.namespaces() == []
    assert "kube-system" in {namespace.metadata.name for namespace in workloads.core.list_namespace().items}
