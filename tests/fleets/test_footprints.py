"""What Releases take of the nodes is read where it is declared, and nothing is made up for the others."""

from __future__ import annotations

import pytest

from aigc.catalog.versions import component
from tests.fleets.footprints import KNATIVE_OPERATOR_KIND, STAND_IN_LABEL, Footprint, budgets, footprints
from tests.fleets.stand_ins import difference

REQUESTS = {"cpu": "50m", "memory": "64Mi"}
SELECTOR = {"aigc/pool": "platform"}
TOLERATIONS = [{"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}]


def release(name: str, values: dict[str, object], version: str = "1.0.0") -> dict[str, object]:
    return {"release": {"name": name, "namespace": "somewhere", "version": version, "values": values}}


def test_values_say_how_many_how_large_and_where() -> None:
    values = {"replicas": 2, "nodeSelector": SELECTOR, "controller": {"resources": {"requests": REQUESTS}}}
    (found,) = footprints(release("karpenter", values))
    body = found.body()
    pod = body["spec"]["template"]["spec"]
    assert (body["kind"], body["spec"]["replicas"], pod["nodeSelector"]) == ("Deployment", 2, SELECTOR)
    assert [one["resources"]["requests"] for one in pod["containers"]] == [REQUESTS]
    assert body["spec"]["template"]["metadata"]["labels"][STAND_IN_LABEL] == "karpenter"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("nvidia-device-plugin", {"tolerations": TOLERATIONS, "resources": {"requests": REQUESTS}}),
        ("dcgm-exporter", {"tolerations": TOLERATIONS, "resources": {"requests": REQUESTS}}),
        ("neuron-device-plugin", {"devicePlugin": {"tolerations": TOLERATIONS, "resources": {"requests": REQUESTS}}}),
    ],
)
def test_what_serves_a_device_is_on_every_node_that_has_it(name: str, values: dict[str, object]) -> None:
    (found,) = footprints(release(name, values))
    body = found.body()
    assert body["kind"] == "DaemonSet"
    assert "replicas" not in body["spec"]
    assert body["spec"]["template"]["spec"]["tolerations"] == TOLERATIONS


def test_a_disk_is_no_size_of_a_pod_and_what_is_not_declared_is_named() -> None:
    disk = release("monitoring", {"claim": {"resources": {"requests": {"storage": "50Gi"}}}})
    assert footprints(disk) == ()
    found = difference(disk)
    assert found is not None
    assert "declared nowhere" in found.what


def test_a_chart_of_another_version_than_the_manifest_declares_nothing() -> None:
    assert footprints(release("keda", {}, version="0.0.1")) == ()
    api_version, kind = KNATIVE_OPERATOR_KIND
    metadata = {"namespace": "knative-serving"}
    other = {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": {"version": "0.0.1"}}
    assert (footprints(other), budgets(other)) == ((), [])


def test_what_is_applied_as_it_is_stands_for_nothing() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "gpt", "namespace": "models"}}
    assert (difference(service), footprints(service), budgets(service)) == (None, (), [])


def test_its_words_say_the_size() -> None:
    assert str(Footprint("operator", "keda", (REQUESTS,), pods=2)) == "operator, 2: 50m, 64Mi"
    assert "each node with x/y" in str(Footprint("plugin", "a", (REQUESTS,), pods=0, on_nodes_with="x/y"))


def test_manifests_of_the_same_version_say_what_an_operator_and_a_chart_bring() -> None:
    api_version, kind = KNATIVE_OPERATOR_KIND
    spec = {"version": component("knative-serving").version}
    serving = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "knative-serving"}, "spec": spec}
    found = {one.name: one for one in footprints(serving)}
    assert found.keys() == {"activator", "autoscaler", "controller", "webhook"}
    assert all(one.pods == 1 and all("cpu" in part for part in one.requests) for one in found.values())
    for budget in budgets(serving):
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        assert any(wanted <= one.body()["spec"]["template"]["metadata"]["labels"].items() for one in found.values())
    keda = {one.name for one in footprints(release("keda", {}, component("keda").version))}
    assert keda == {"keda-operator", "keda-metrics-apiserver"}
