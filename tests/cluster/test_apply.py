"""Applying, on the real cluster: order, waits with their cause, values only the cluster knows, pruning, adoption."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.faults import UserError
from scripts.engine.api import ApplyReport, DriftReport, apply_stack, destroy_stack, drift_of_stack
from scripts.engine.drift import What
from scripts.engine.kube_client import KubeClient
from scripts.engine.kubeconfig import load_connection
from scripts.engine.objects import ObjectKey
from scripts.engine.waiting import wait_gone
from scripts.engine.wave import ApplyFailedError
from scripts.progress import Progress
from tests.pure.engine.conftest import PROJECT

pytestmark = pytest.mark.cluster

STACK = "applytest"
SETTINGS = ObjectKey("v1", "ConfigMap", STACK, "settings")
PROGRAM = """\
import pulumi
import pulumi_kubernetes as k8s

LABELS = {"aigc/stack": pulumi.get_stack()}
provider = k8s.Provider("cluster", kubeconfig="unused")


def meta(name, **more):
    return {"name": name, "namespace": "applytest", "labels": LABELS, **more}


def after(*needed):
    return pulumi.ResourceOptions(provider=provider, depends_on=list(needed))


space = k8s.core.v1.Namespace("space", metadata={"name": "applytest", "labels": LABELS}, opts=after())
definition = k8s.apiextensions.v1.CustomResourceDefinition(
    "definition",
    metadata={"name": "widgets.applytest.aigc", "labels": LABELS},
    spec={
        "group": "applytest.aigc", "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}],
    },
    opts=after(),
)
k8s.apiextensions.CustomResource(
    "widget", api_version="applytest.aigc/v1", kind="Widget", metadata=meta("w"), spec={"a": 1},
    opts=after(space, definition),
)
settings = k8s.core.v1.ConfigMap("settings", metadata=meta("settings"), data={"size": "1"}, opts=after(space))
front = k8s.core.v1.Service("front", metadata=meta("front"), spec={"ports": [{"port": 80}]}, opts=after(space))
k8s.core.v1.ConfigMap("address", metadata=meta("address"), data={"ip": front.spec.cluster_ip}, opts=after(space))
pulumi.export("address", front.spec.cluster_ip)
"""
STUCK = """
k8s.core.v1.Pod(
    "stuck",
    metadata=meta("stuck", annotations={"pulumi.com/timeoutSeconds": "6"}),
    spec={"nodeSelector": {"no": "such-node"}, "containers": [{"name": "c", "image": "dev.local/none:1"}]},
    opts=after(space),
)
"""


class Stack:
    """The test's own stack on the cluster."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "infra").mkdir()
        (root / "stacks").mkdir()
        (root / "Pulumi.yaml").write_text(PROJECT)
        (root / "stacks" / f"Pulumi.{STACK}.yaml").write_text("config: {}\n")
        self.client = KubeClient(load_connection(KUBECONFIG, None))

    def apply(self, program: str = PROGRAM, adopt: bool = False) -> ApplyReport:
        (self.root / "infra" / "__main__.py").write_text(program)
        return apply_stack(STACK, self.root, KUBECONFIG, None, Progress(quiet=True), adopt=adopt)

    def drift(self) -> DriftReport:
        return drift_of_stack(STACK, self.root, KUBECONFIG, None)

    def get(self, key: ObjectKey) -> dict[str, Any]:
        found = self.client.get(key)
        assert found is not None, f"{key} is not there"
        return found


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("applytest"))
    made.apply()
    yield made
    destroy_stack(STACK, KUBECONFIG, None, Progress(quiet=True))
    assert made.client.get(ObjectKey("v1", "Namespace", "", STACK)) is None
    assert made.client.get(ObjectKey("v1", "ConfigMap", "kube-system", f"aigc-inventory-{STACK}")) is None
    made.client.close()


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    before = stack.get(SETTINGS)["metadata"]["resourceVersion"]
    report = stack.apply()
    assert report.nothing_changed
    assert report.unchanged == 6
    assert stack.get(SETTINGS)["metadata"]["resourceVersion"] == before


def test_what_only_the_cluster_knows_reaches_objects_and_outputs(stack: Stack) -> None:
    report = stack.apply()
    address = stack.get(ObjectKey("v1", "ConfigMap", STACK, "address"))["data"]["ip"]
    assert re.fullmatch(r"10\.96\.\d+\.\d+", address)
    assert report.outputs == {"address": address}


def test_a_change_changes_one_object(stack: Stack) -> None:
    report = stack.apply(PROGRAM.replace('"size": "1"', '"size": "2"'))
    assert (report.created, report.changed, report.pruned) == (0, 1, 0)
    assert stack.get(SETTINGS)["data"] == {"size": "2"}
    stack.apply()


def test_what_leaves_the_program_leaves_the_cluster_and_nothing_else_does(stack: Stack) -> None:
    foreign = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "foreign", "namespace": STACK, "labels": {"aigc/stack": STACK}},
    }
    path = f"/api/v1/namespaces/{STACK}/configmaps"
    stack.client.call("POST", path, foreign, "application/json", fieldManager="a-controller")
    more = PROGRAM + 'k8s.core.v1.ConfigMap("extra", metadata=meta("extra"), opts=after(space))\n'
    assert stack.apply(more).created == 1
    assert stack.apply().changes["pruned"] == [f"ConfigMap {STACK}/extra"]
    assert stack.get(ObjectKey("v1", "ConfigMap", STACK, "foreign"))


def test_a_field_of_somebody_else_is_refused_until_adopted(stack: Stack) -> None:
    edited = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"size": "9"}}
    path = stack.client.path_of(SETTINGS)
    stack.client.call("PATCH", path, edited, "application/apply-patch+yaml", fieldManager="someone", force="true")
    with pytest.raises(ApplyFailedError, match="somebody else owns fields of ConfigMap applytest/settings") as caught:
        stack.apply()
    assert "--adopt" in caught.value.faults[0].way_out
    assert stack.apply(adopt=True).changed == 1
    assert stack.get(SETTINGS)["data"] == {"size": "1"}


def test_drift_names_what_differs_and_whose_it_is_and_writes_nothing(stack: Stack) -> None:
    stack.apply()
    assert (stack.drift().drifts, stack.drift().compared) == ((), 6)
    address = ObjectKey("v1", "ConfigMap", STACK, "address")
    stack.client.delete(address)
    wait_gone(stack.client, address, 30, print)
    edited = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"size": "9"}}
    path = stack.client.path_of(SETTINGS)
    stack.client.call("PATCH", path, edited, "application/apply-patch+yaml", fieldManager="someone", force="true")
    before = stack.get(SETTINGS)
    found = {one.key: one for one in stack.drift().drifts}
    assert {key: one.what for key, one in found.items()} == {
        f"ConfigMap {STACK}/address": What.MISSING,
        f"ConfigMap {STACK}/settings": What.CHANGED,
    }
    changed = found[f"ConfigMap {STACK}/settings"]
    assert [(one.path, one.ours, one.theirs) for one in changed.fields] == [("data.size", "1", "9")]
    assert len(changed.by) == 1 and "someone" in changed.by[0]
    assert stack.get(SETTINGS) == before
    stack.apply(adopt=True)


def test_what_pulumi_made_is_refused_before_anything_changes(stack: Stack) -> None:
    stack.client.delete(SETTINGS)
    wait_gone(stack.client, SETTINGS, 30, print)
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "labels": {"aigc/stack": STACK}},
        "data": {"size": "1"},
    }
    path, manager = stack.client.path_of(SETTINGS), "pulumi-kubernetes-0123abcd"
    stack.client.call("PATCH", path, body, "application/apply-patch+yaml", fieldManager=manager)
    with pytest.raises(UserError, match=manager):
        stack.apply()
    stack.apply(adopt=True)
    owners = {item["manager"] for item in stack.get(SETTINGS)["metadata"]["managedFields"]}
    assert owners == {"aigc-engine"}


def test_a_wait_that_fails_ends_with_the_cause(stack: Stack) -> None:
    with pytest.raises(ApplyFailedError) as caught:
        stack.apply(PROGRAM + STUCK)
    (fault,) = caught.value.faults
    assert fault.where == f"Pod {STACK}/stuck"
    assert "FailedScheduling" in fault.problem
    assert stack.apply().pruned == 1
