"""A Deployment whose old pods serve while the new ones do not come is not well."""

from __future__ import annotations

import pytest
from kubernetes import client

from scripts.local.workloads import stuck_rollout


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (None, ""),
        ([("Progressing", "True", "rolled out")], ""),
        ([("Available", "False", "no pods")], ""),
        ([("Progressing", "False", "exceeded its deadline")], "the new version does not come: exceeded its deadline"),
    ],
)
def test_words(conditions: list[tuple[str, str, str]] | None, words: str) -> None:
    found = [client.V1DeploymentCondition(type=kind, status=status, message=m) for kind, status, m in conditions or []]
    deployment = client.V1Deployment(status=client.V1DeploymentStatus(conditions=found or None))
    assert stuck_rollout(deployment) == words
