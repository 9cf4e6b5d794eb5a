"""The engine keeps the real engine's rules: URNs, duplicates, providers, names, inheritance, order."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.engine.graph import Graph, Resource, in_order, make_graph
from scripts.engine.rules import make_urn, provider_urn
from scripts.engine.runner import run_stack
from scripts.engine.wire import UNKNOWN, holds_secret, is_secret
from tests.pure.engine.conftest import SAMPLES, RunProgram, runner_in

PREFIX = "urn:pulumi:dev::sample::"
INNER = f"{PREFIX}aigc:test:Outer$aigc:test:Inner"


def test_a_urn_holds_the_whole_chain_of_types_without_the_stacks_own(sample: Graph) -> None:
    resources = sample.by_urn()
    assert f"{PREFIX}kubernetes:core/v1:Namespace::models" in resources
    assert resources[f"{INNER}::outer-inner"].parent == f"{PREFIX}aigc:test:Outer::outer"
    assert f"{INNER}$kubernetes:core/v1:Service::front" in resources
    assert resources[f"{PREFIX}aigc:test:Outer::outer"].parent == f"{PREFIX}pulumi:pulumi:Stack::sample-dev"
    assert not any("pulumi:pulumi:Stack$" in urn for urn in resources)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("", "urn:pulumi:s::p::a:b:C::n"),
        ("urn:pulumi:s::p::pulumi:pulumi:Stack::p-s", "urn:pulumi:s::p::a:b:C::n"),
        ("urn:pulumi:s::p::x:y:Z$q:r:T::m", "urn:pulumi:s::p::x:y:Z$q:r:T$a:b:C::n"),
    ],
)
def test_urns(parent: str, expected: str) -> None:
    assert make_urn("s", "p", parent, "a:b:C", "n") == expected


def test_a_provider_reference_loses_its_id_and_nothing_else() -> None:
    urn = "urn:pulumi:s::p::aigc:clouds:C$pulumi:providers:kubernetes::kubernetes"
    assert provider_urn(f"{urn}::{UNKNOWN}") == urn
    assert provider_urn(urn) == urn
    assert not provider_urn("")


def test_a_duplicate_is_an_error_naming_the_urn(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match=r"Duplicate resource URN '.*ConfigMap::same'; try giving it a unique name"):
        run_program('config_map("same"); config_map("same")')


def test_a_resource_without_provider_is_refused(run_program: RunProgram) -> None:
    message = "Default provider for 'kubernetes' disabled. 'urn:.*::alone' must use an explicit provider"
    with pytest.raises(UserError, match=message):
        run_program('config_map("alone", opts=None)')


def test_an_invoke_without_provider_is_refused(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match=r"Invoke: Default provider for 'kubernetes' disabled\. 'kubernetes:yaml"):
        run_program('pulumi.runtime.invoke("kubernetes:yaml:decode", {"text": ""})')


def test_a_look_up_is_refused_even_with_a_provider(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="cannot be done offline"):
        run_program('pulumi.runtime.invoke("kubernetes:helm:template", {}, pulumi.InvokeOptions(provider=provider))')


def test_an_unnamed_object_is_refused(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match=r"has no metadata\.name"):
        run_program('k8s.core.v1.Namespace("loose", opts=named)')


def test_verbatim_naming_uses_the_logical_name(run_program: RunProgram) -> None:
    graph = run_program(
        'n = k8s.core.v1.Namespace("loose", opts=named); pulumi.export("name", n.metadata.name)',
        config='pulumi:autonaming: {mode: "verbatim"}',
    )
    assert graph.outputs == {"name": "loose"}
    assert graph.kubernetes_objects()[0].inputs["metadata"] == {"name": "loose"}


def test_a_release_without_name_is_refused(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="a Helm Release without one gets a random name"):
        run_program('k8s.helm.v3.Release("operator", chart="x", opts=named)')


def test_a_remote_component_is_refused(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="remote component"):
        run_program('k8s.yaml.v2.ConfigGroup("g", yaml="", opts=named)')


def test_a_transform_is_refused(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="transform"):
        run_program("pulumi.runtime.register_resource_transform(lambda args: None); config_map('a')")


def test_children_inherit_what_the_real_engine_hands_down(sample: Graph) -> None:
    child = sample.by_urn()[f"{INNER}$kubernetes:core/v1:ConfigMap::settings"]
    assert child.retain_on_delete
    assert child.protect
    assert child.provider == f"{PREFIX}pulumi:providers:kubernetes::cluster"
    assert not sample.by_urn()[f"{PREFIX}kubernetes:core/v1:Secret::keys"].protect


def test_deleted_with_is_handed_down(run_program: RunProgram) -> None:
    graph = run_program("""
        first = config_map("first")
        box = Box("box", pulumi.ResourceOptions(deleted_with=first, providers=[provider]))
        config_map("inside", opts=pulumi.ResourceOptions(parent=box))
    """)
    inside = next(item for item in graph.resources if item.name == "inside")
    assert inside.deleted_with == f"{PREFIX}kubernetes:core/v1:ConfigMap::first"


def test_edges_are_those_of_the_program(sample: Graph) -> None:
    resources = sample.by_urn()
    namespace = f"{PREFIX}kubernetes:core/v1:Namespace::models"
    keys = resources[f"{PREFIX}kubernetes:core/v1:Secret::keys"]
    assert keys.property_dependencies["metadata"] == [namespace]
    assert keys.property_dependencies["kind"] == []
    front = resources[f"{INNER}$kubernetes:core/v1:Service::front"]
    assert front.dependencies == [f"{INNER}$kubernetes:core/v1:ConfigMap::settings"]


def test_a_component_waits_and_its_children_with_it(sample: Graph) -> None:
    order = [resource.urn for resource in sample.resources]
    namespace = order.index(f"{PREFIX}kubernetes:core/v1:Namespace::models")
    assert namespace < order.index(f"{PREFIX}aigc:test:Outer::outer")
    assert namespace < order.index(f"{INNER}$kubernetes:core/v1:ConfigMap::settings")


def test_secrets_stay_where_they_are_and_stay_wrapped(sample: Graph) -> None:
    resources = sample.by_urn()
    container = resources[f"{PREFIX}kubernetes:core/v1:Pod::array"].inputs["spec"]["containers"][0]
    assert is_secret(container["env"][0]["value"])
    assert container["image"] == "dev.local/pause:1"
    assert is_secret(sample.outputs["secret"])
    assert not holds_secret(sample.outputs["namespace"])


def test_a_secret_of_the_stack_file_is_an_unknown_secret(sample: Graph) -> None:
    keys = sample.by_urn()[f"{PREFIX}kubernetes:core/v1:Secret::keys"]
    assert is_secret(keys.inputs["stringData"])
    assert "AAAA" not in sample.to_json()
    assert "BBBB" not in sample.to_json()


def test_code_never_runs_on_a_secret_that_is_unknown(run_program: RunProgram) -> None:
    graph = run_program(
        """
        text = pulumi.Config().require_secret("token").apply(lambda t: 1 / 0)
        whole = pulumi.Config().require_secret("partly").apply(lambda t: 1 / 0)
        pulumi.export("text", text)
        pulumi.export("whole", whole)
        """,
        config="token:\n  secure: v1:AAAA\npartly:\n  open: a\n  closed: {secure: v1:BBBB}",
    )
    for name in ("text", "whole"):
        assert is_secret(graph.outputs[name])
        assert graph.outputs[name]["value"] == UNKNOWN


def test_an_array_with_a_secret_inside_keeps_one_mark(run_program: RunProgram) -> None:
    graph = run_program(
        'pulumi.export("list", ["open", pulumi.Output.secret("hush"), {"deep": pulumi.Output.secret(1)}])'
    )
    assert graph.outputs["list"][0] == "open"
    assert is_secret(graph.outputs["list"][1])
    assert is_secret(graph.outputs["list"][2]["deep"])


def test_ids_and_cloud_outputs_are_unknown_and_never_invented(run_program: RunProgram) -> None:
    graph = run_program("""
        class Bucket(pulumi.CustomResource):
            url: pulumi.Output[str]
            def __init__(self, name, opts):
                super().__init__("gcp:storage/bucket:Bucket", name, {"location": "EU", "url": None}, opts)
        cloud = pulumi.ProviderResource("gcp", "cloud")
        bucket = Bucket("models", pulumi.ResourceOptions(provider=cloud))
        config_map("where", url=bucket.url, id=bucket.id, text=pulumi.Output.concat("gs://", bucket.url))
    """)
    where = graph.kubernetes_objects()[0]
    assert where.inputs["data"] == {"id": UNKNOWN, "text": UNKNOWN, "url": UNKNOWN}
    assert where.dependencies == [f"{PREFIX}gcp:storage/bucket:Bucket::models"]


def test_applying_knows_names_but_nothing_the_cluster_decides(run_program: RunProgram) -> None:
    program = """
        front = k8s.core.v1.Service("front", metadata={"name": "front", "namespace": "models"}, spec={}, opts=named)
        config_map("address", front=front.metadata.name, ip=front.spec.cluster_ip)
    """
    first = run_program(program, live={})
    assert first.kubernetes_objects()[1].inputs["data"] == {"front": "front", "ip": UNKNOWN}
    made = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front", "namespace": "models"},
        "spec": {"clusterIP": "10.96.0.7"},
    }
    second = run_program(program, live={first.kubernetes_objects()[0].urn: made})
    assert second.kubernetes_objects()[1].inputs["data"] == {"front": "front", "ip": "10.96.0.7"}


def test_the_environment_does_not_reach_the_program(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/leak")
    monkeypatch.setenv("AWS_REGION", "leak-1")
    monkeypatch.setenv("PULUMI_CONFIG", '{"sample:leak": "yes"}')
    monkeypatch.setenv("PULUMI_CONFIG_SAMPLE_LEAK", "yes")
    graph = runner_in(project)("""
        import os
        pulumi.export("seen", sorted(n for n in os.environ if n.startswith(("AWS", "KUBE")) or "CONFIG" in n))
        pulumi.export("leak", pulumi.Config().get("leak") or "")
    """)
    assert graph.outputs == {"leak": "", "seen": []}


def test_a_failing_program_is_told_by_its_own_lines(run_program: RunProgram) -> None:
    with pytest.raises(UserError) as caught:
        run_program("""
            def broken():
                raise ValueError("no such shape")
            broken()
        """)
    text = str(caught.value)
    assert "infra/__main__.py:" in text
    assert "ValueError: no such shape" in text
    assert "in broken: raise ValueError" in text
    assert "site-packages" not in text
    assert "runpy" not in text


def test_an_output_in_a_text_is_an_error(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match=r"infra/__main__.py:\d+"):
        run_program("pulumi.export('x', f'{config_map(\"a\").id}')")


def test_a_program_that_ends_itself_has_no_graph(run_program: RunProgram) -> None:
    with pytest.raises(UserError, match="the program ended itself: 3"):
        run_program("raise SystemExit(3)")


def test_repeated_runs_give_the_same_bytes(sample: Graph) -> None:
    assert {run_stack("dev", SAMPLES / "basic").to_json() for _ in range(3)} == {sample.to_json()}


def test_a_graph_survives_json(sample: Graph) -> None:
    assert Graph.from_json(sample.to_json()) == sample


def _resource(name: str, kind: str, *after: str) -> Resource:
    return Resource(
        urn=name,
        type=f"kubernetes:core/v1:{kind}",
        name=name,
        parent="",
        custom=True,
        inputs={"apiVersion": "v1", "kind": kind},
        dependencies=list(after),
    )


def test_order_follows_edges_first_and_kinds_second() -> None:
    resources = [_resource("a", "Deployment", "z"), _resource("z", "ConfigMap"), _resource("n", "Namespace")]
    assert [item.urn for item in in_order(resources)] == ["n", "z", "a"]
    assert make_graph("p", "s", reversed(resources), {}) == make_graph("p", "s", resources, {})


def test_a_cycle_is_named() -> None:
    with pytest.raises(ValueError, match="cycle among a, b"):
        in_order([_resource("a", "ConfigMap", "b"), _resource("b", "ConfigMap", "a")])
