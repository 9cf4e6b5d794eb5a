"""The contexts that all pods of ours take are those that Pod Security `restricted` asks for, and stand in one place."""

from __future__ import annotations

from typing import Any

import pytest

from aigc.cluster.pod_security import NONROOT_UID, container_security_context, pod_security_context
from aigc.config.stacks import PROJECT_ROOT
from tests.pure.program.pods import restricted_faults


def pod(pod_context: dict[str, Any], container_context: dict[str, Any]) -> dict[str, Any]:
    return {"securityContext": pod_context, "containers": [{"name": "main", "securityContext": container_context}]}


@pytest.mark.parametrize(
    "spec",
    [
        pod(pod_security_context(472), container_security_context()),
        pod({}, container_security_context(NONROOT_UID)),
    ],
)
def test_a_pod_with_the_contexts_keeps_every_rule(spec: dict[str, Any]) -> None:
    assert restricted_faults(spec) == []


def test_a_container_without_a_user_needs_the_one_of_its_pod() -> None:
    assert restricted_faults(pod({}, container_security_context())) == ["main: may run as root"]


def test_two_pods_share_no_value_that_one_could_change() -> None:
    first = container_security_context(1)
    first["seccompProfile"]["type"] = "Unconfined"
    assert container_security_context(1)["seccompProfile"] == {"type": "RuntimeDefault"}


def test_the_contexts_are_written_once() -> None:
    infra = PROJECT_ROOT / "infra"
    writers = [path for path in infra.rglob("*.py") if "allowPrivilegeEscalation" in path.read_text()]
    assert [path.relative_to(infra).as_posix() for path in writers] == ["aigc/cluster/pod_security.py"]
