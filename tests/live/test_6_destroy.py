"""The stack's own objects, and only those, can be deleted in reverse order without force, and applied again."""

from __future__ import annotations

import subprocess

import pytest

from aigc.catalog.cache import KUBECONFIG
from scripts.local.workloads import Workloads
from tests.live.conftest import make, run

pytestmark = pytest.mark.live

DOWN_SECONDS = 600
"""Twice what one object may take to go: about 150 s are the drain times of Knative's own pods, 45 s each."""


def test_destroy_leaves_the_cluster_and_up_fills_it_again(first_up: subprocess.CompletedProcess[str]) -> None:
    workloads = Workloads.connect(KUBECONFIG)
    assert {"models", "gateway"} <= set(workloads.namespaces())
    down = run([".venv/bin/python", "-m", "scripts", "down", "local", "--kubeconfig", str(KUBECONFIG)], DOWN_SECONDS)
    assert down.returncode == 0, down.stdout + down.stderr
    assert workloads.namespaces() == []
    assert "kube-system" in {namespace.metadata.name for namespace in workloads.core.list_namespace().items}

    again = make("up")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    assert "created, 0 changed" in again.stdout
