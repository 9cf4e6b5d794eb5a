"""What a change does: in place, by replacement and why, or not known; and what `up` would stop at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scripts.engine.graph import Resource
from scripts.preview.changes import Changes, ResourceChange, changes_since
from scripts.preview.replacements import Effect, facts
from tests.pure.preview.samples import (
    AGENT_POOL,
    CLUSTER,
    GROUP,
    KUBERNETES,
    TEMPLATE,
    config_map,
    gke_pool,
    graph,
    resource,
    urn,
    with_inputs,
)


def changes(before: list[Resource], now: list[Resource]) -> Changes:
    return changes_since("main", graph(*before), graph(*now))


def only(before: Resource, now: Resource) -> ResourceChange:
    (change,) = changes([before], [now]).changed
    return change


def test_a_taint_edit_of_a_gke_pool_stays_in_place_and_says_from_what_to_what() -> None:
    other = {"effect": "NO_SCHEDULE", "key": "nvidia.com/gpu", "value": "absent"}
    change = only(gke_pool(), gke_pool(taints=[other]))
    assert change.effect is Effect.IN_PLACE
    (reason,) = change.reasons
    assert str(reason) == "nodeConfig.taints.0.value: 'present' -> 'absent' (in place [R1, R2, R8])"


def test_a_taint_more_stays_in_place_too() -> None:
    more = {"effect": "NO_EXECUTE", "key": "a", "value": "b"}
    assert only(gke_pool(), gke_pool(taints=[*gke_pool().inputs["nodeConfig"]["taints"], more])).effect is (
        Effect.IN_PLACE
    )


def test_spot_of_a_gke_pool_replaces_it_and_its_nodes_go_first() -> None:
    change = only(gke_pool(), gke_pool(spot=False))
    assert change.effect is Effect.REPLACED
    assert str(change.reasons[0]) == "nodeConfig.spot: True -> False (forces replacement [R1, R2, R8])"
    assert "deleted first: both bear one name" in change.order


def test_with_another_name_the_new_one_comes_first() -> None:
    before = gke_pool()
    change = only(before, with_inputs(before, name="other"))
    assert (change.effect, change.order) == (
        Effect.REPLACED, "the new one is created first, then the old one is deleted"
    )  # fmt: skip


def test_delete_before_replace_is_said() -> None:
    before = gke_pool()
    now = replace(with_inputs(before, name="other"), delete_before_replace=True)
    assert only(before, now).order == "the old one is deleted first: deleteBeforeReplace is set"


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"taints": [{"key": "a", "effect": "NO_SCHEDULE"}]}, Effect.IN_PLACE),
        ({"instanceTypes": ["g6.4xlarge"]}, Effect.REPLACED),
        ({"capacityType": "ON_DEMAND"}, Effect.REPLACED),
        ({"scalingConfig": {"minSize": 1}}, Effect.IN_PLACE),
        ({"somethingNew": 1}, Effect.UNKNOWN),
    ],
)
def test_an_eks_group(change: dict[str, Any], effect: Effect) -> None:
    inputs = {"nodeGroupName": "l4", "instanceTypes": ["g6.2xlarge"], "capacityType": "SPOT"}
    before = resource(GROUP, "l4", inputs)
    assert only(before, with_inputs(before, **change)).effect is effect


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"nodeTaints": ["a=b:NoSchedule"]}, Effect.IN_PLACE),
        ({"maxCount": 3}, Effect.IN_PLACE),
        ({"vmSize": "Standard_NC16as_T4_v3"}, Effect.REPLACED),
        # Its provider would send it, and AKS answers; that is neither.
        ({"availabilityZones": ["1"]}, Effect.UNKNOWN),
        ({"scaleSetPriority": "Regular"}, Effect.UNKNOWN),
    ],
)
def test_an_agent_pool(change: dict[str, Any], effect: Effect) -> None:
    inputs = {"agentPoolName": "t4", "vmSize": "Standard_NC8as_T4_v3", "scaleSetPriority": "Spot", "maxCount": 2}
    before = resource(AGENT_POOL, "t4", inputs)
    assert only(before, with_inputs(before, **change)).effect is effect


def test_azures_old_one_goes_first_even_with_another_name() -> None:
    before = resource(AGENT_POOL, "t4", {"agentPoolName": "t4", "vmSize": "a"})
    change = only(before, with_inputs(before, agentPoolName="t4b", vmSize="b"))
    assert (change.effect, change.order) == (
        Effect.REPLACED, "the old one is deleted first: its provider has no other order"
    )  # fmt: skip


def test_a_setting_of_a_launch_template_is_a_version_that_its_group_takes_in_place() -> None:
    template = resource(TEMPLATE, "l4", {"name": "l4", "metadataOptions": {"httpPutResponseHopLimit": 1}})
    group = resource(GROUP, "l4", {"launchTemplate": {"id": "unknown", "version": "unknown"}},
                     property_dependencies={"launchTemplate": [template.urn]})  # fmt: skip
    (change,) = changes([template, group], [with_inputs(template, metadataOptions={}), group]).changed
    assert (change.urn, change.effect) == (template.urn, Effect.IN_PLACE)
    found = changes([template, group], [with_inputs(template, name="l4b"), group])
    assert {item.urn: item.effect for item in found.changed}[template.urn] is Effect.REPLACED


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"nodeLocations": ["a"]}, Effect.IN_PLACE),
        ({"privateClusterConfig": {"enablePrivateNodes": True}}, Effect.IN_PLACE),
        ({"privateClusterConfig": {"masterIpv4CidrBlock": "172.16.0.0/28"}}, Effect.REPLACED),
        ({"datapathProvider": "LEGACY_DATAPATH"}, Effect.REPLACED),
    ],
)
def test_a_gke_cluster(change: dict[str, Any], effect: Effect) -> None:
    before = resource(CLUSTER, "c", {"name": "c", "privateClusterConfig": {}})
    assert only(before, with_inputs(before, **change)).effect is effect


def test_what_nobody_has_a_fact_of_is_not_known() -> None:
    before = resource("cloud:a/b:C", "x", {"size": 1})
    change = only(before, with_inputs(before, size=2))
    assert change.effect is Effect.UNKNOWN
    assert "may replace: not known" in str(change.reasons[0])


def test_replace_on_changes_of_the_program_is_a_reason() -> None:
    before = resource("cloud:a/b:C", "x", {"size": 1}, replace_on_changes=["size"])
    change = only(before, with_inputs(before, size=2))
    assert (change.effect, change.reasons[0].sources) == (Effect.REPLACED, ("the program's replaceOnChanges",))


def test_what_is_ignored_does_nothing() -> None:
    before = resource("cloud:a/b:C", "x", {"size": 1}, ignore_changes=["size"])
    change = only(before, with_inputs(before, size=2))
    assert (change.effect, change.reasons) == (Effect.IN_PLACE, ())


@pytest.mark.parametrize(("mutable", "effect"), [("true", Effect.IN_PLACE), ("false", Effect.REPLACED)])
def test_a_config_map_changes_in_place_only_where_its_provider_allows_it(mutable: str, effect: Effect) -> None:
    provider = resource(KUBERNETES, "k", {"enableConfigMapMutable": mutable})
    before = config_map("c", {"a": "1"}, provider=urn(KUBERNETES, "k"))
    (change,) = changes([provider, before], [provider, with_inputs(before, data={"a": "2"})]).changed
    assert change.effect is effect
    sealed = with_inputs(before, immutable=True)
    (change,) = changes([provider, sealed], [provider, with_inputs(sealed, data={"a": "2"})]).changed
    assert change.effect is Effect.REPLACED


def test_a_deployment_is_replaced_by_its_selector_and_by_nothing_of_its_pods() -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "n"}}
    before = resource("kubernetes:apps/v1:Deployment", "n/d", body | {"spec": {"selector": {"a": "1"}, "replicas": 1}})
    scaled = with_inputs(before, spec={"selector": {"a": "1"}, "replicas": 2})
    other = with_inputs(before, spec={"selector": {"a": "2"}, "replicas": 1})
    assert [only(before, now).effect for now in (scaled, other)] == [Effect.IN_PLACE, Effect.REPLACED]


def test_a_release_is_replaced_by_its_name_only() -> None:
    before = resource("kubernetes:helm.sh/v3:Release", "r", {"name": "r", "chart": "c", "version": "1.0.0"})
    named, newer = with_inputs(before, name="s"), with_inputs(before, version="1.1.0")
    assert [only(before, now).effect for now in (newer, named)] == [Effect.IN_PLACE, Effect.REPLACED]


def test_what_is_made_from_a_replaced_cluster_goes_with_it() -> None:
    cluster = resource("aws:eks/cluster:Cluster", "c", {"name": "a", "roleArn": "x"})
    group = resource(GROUP, "g", {"clusterName": "unknown"}, dependencies=[cluster.urn],
                     property_dependencies={"clusterName": [cluster.urn]})  # fmt: skip
    found = changes([cluster, group], [with_inputs(cluster, roleArn="y"), group])
    effects = {item.urn: item.effect for item in found.changed}
    assert effects == {cluster.urn: Effect.REPLACED, group.urn: Effect.REPLACED}


def test_of_a_block_that_is_made_from_a_replaced_resource_the_effect_is_not_known() -> None:
    subnet = resource("gcp:compute/subnetwork:Subnetwork", "s", {"name": "s", "region": "a"})
    pool = replace(gke_pool(), property_dependencies={"nodeConfig": [subnet.urn], "autoscaling": [subnet.urn]})
    found = changes([subnet, pool], [with_inputs(subnet, region="b"), pool])
    (change,) = [item for item in found.changed if item.urn == pool.urn]
    assert change.effect is Effect.UNKNOWN
    effects = {one.path: one.effect for one in change.reasons}
    assert effects == {"nodeConfig": Effect.UNKNOWN, "autoscaling": Effect.IN_PLACE}


def test_a_whole_block_that_goes_replaces_if_one_of_its_properties_does() -> None:
    before = gke_pool()
    now = replace(before, inputs={key: value for key, value in before.inputs.items() if key != "nodeConfig"})
    assert only(before, now).effect is Effect.REPLACED
    unscaled = replace(before, inputs={key: value for key, value in before.inputs.items() if key != "autoscaling"})
    assert only(before, unscaled).effect is Effect.IN_PLACE


def test_what_is_made_from_an_updated_cluster_stays() -> None:
    cluster = resource(CLUSTER, "cluster", {"name": "a"}, replace_on_changes=[])
    found = changes([cluster, gke_pool()], [with_inputs(cluster, resourceLabels={"a": "b"}), gke_pool()])
    assert [item.urn for item in found.changed] == [cluster.urn]


def test_a_new_name_in_the_program_for_the_same_name_in_the_cloud_clashes() -> None:
    old = gke_pool("l4")
    new = with_inputs(gke_pool("gpu"), name="l4")
    (fault,) = changes([old], [new]).faults
    assert "NodePool::gpu is created before" in fault and "alias" in fault
    assert changes([old], [replace(new, aliases=[old.urn])]).faults == ()
    assert changes([old], [gke_pool("gpu")]).faults == ()


def test_a_moved_object_clashes_and_another_does_not() -> None:
    old = config_map("c", {"a": "1"})
    moved = replace(old, urn=old.urn.replace("::models/c", "::other/c"), name="other/c")
    assert len(changes([old], [moved]).faults) == 1
    assert changes([old], [config_map("d", {"a": "1"})]).faults == ()


def test_what_is_protected_is_not_taken_away() -> None:
    kept = gke_pool()
    guarded = replace(kept, protect=True)
    assert len(changes([guarded], []).faults) == 1
    assert len(changes([guarded], [replace(gke_pool(spot=False), protect=True)]).faults) == 1
    assert changes([kept], []).faults == ()


def test_every_source_that_is_cited_is_there_and_every_one_is_cited() -> None:
    content = facts()
    cited = [key for one in content["types"].values() for key in one["source"]]
    cited += [key for name in ("kubernetes", "release", "old_first") for key in content[name]["source"]]
    assert set(cited) == set(content["sources"])
    for name, one in content["types"].items():
        assert not set(one["replaces"]) & set(one["in_place"]), name
