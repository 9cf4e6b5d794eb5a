"""What a stack puts on nodes that somebody has: pods by their labels, and device plugins where they are asked for."""

from __future__ import annotations

from typing import Any

from aigc.cluster.kubernetes_object import Body
from aigc.foundation.accelerators import affinity_to, nvidia_values
from aigc.foundation.fpga_plugin import daemon_set
from aigc.plan.stack_plan import PoolPlan, StackPlan, Taint
from aigc.plan.validation import plan_of
from aigc.serving.triton import PodImages, pod_spec
from tests.pure.program.plans import pool_plan

ON_PREMISES: StackPlan = plan_of("onprem")


def terms(affinity: Body) -> list[dict[str, list[str]]]:
    required = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return [{one["key"]: one["values"] for one in term["matchExpressions"]} for term in required["nodeSelectorTerms"]]


def theirs(name: str, labels: dict[str, str], **more: Any) -> PoolPlan:
    return pool_plan(name, made=False, labels=labels, **more)


def with_pools(*pools: PoolPlan) -> StackPlan:
    return ON_PREMISES.model_copy(update={"pools": pools})


def test_nodes_of_others_are_chosen_by_their_own_labels_each_pool_by_all_of_its_own() -> None:
    pools = [pool_plan("ours"), theirs("a", {"x": "1", "y": "2"}), theirs("b", {"aigc/pool": "b"}), pool_plan("also")]
    assert terms(affinity_to(pools)) == [{"aigc/pool": ["also", "b", "ours"]}, {"x": ["1"], "y": ["2"]}]


def test_a_label_of_ours_with_another_value_is_one_of_theirs() -> None:
    assert terms(affinity_to([theirs("a", {"aigc/pool": "racks"})])) == [{"aigc/pool": ["racks"]}]


def test_nvidias_plugin_stays_off_nodes_whose_owner_has_one() -> None:
    taint = Taint(key="theirs", value="", effect="NoSchedule")
    plan = with_pools(theirs("wants", {"gpu": "a"}), theirs("has", {"gpu": "b"}, device_plugin=False, taints=(taint,)))
    values = nvidia_values(plan)
    assert terms(values["affinity"]) == [{"gpu": ["a"]}]
    assert [one["key"] for one in values["tolerations"]] == ["nvidia.com/gpu"]


def test_intels_plugin_runs_in_mode_af_on_nodes_of_fpgas_alone() -> None:
    body = daemon_set(ON_PREMISES)
    pod = body["spec"]["template"]["spec"]
    assert terms(pod["affinity"]) == [{"aigc/pool": ["stratix"]}]
    assert [(one["key"], one["effect"]) for one in pod["tolerations"]] == [("fpga.intel.com/card", "NoSchedule")]
    (container,) = pod["containers"]
    assert container["args"] == ["-mode=af"] and container["image"] == ON_PREMISES.images["intel-fpga-plugin"]
    assert body["spec"]["selector"]["matchLabels"].items() <= body["spec"]["template"]["metadata"]["labels"].items()


def test_intels_plugin_writes_to_the_kubelets_sockets_alone_and_has_no_token() -> None:
    pod = daemon_set(ON_PREMISES)["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    written = {one["name"] for one in container["volumeMounts"] if not one["readOnly"]}
    paths = {one["name"]: one["hostPath"]["path"] for one in pod["volumes"]}
    assert {paths[name] for name in written} == {"/var/lib/kubelet/device-plugins"}
    assert {one["name"] for one in container["volumeMounts"]} == set(paths)
    assert pod["automountServiceAccountToken"] is False and "privileged" not in container["securityContext"]


def test_pods_request_the_card_and_tolerate_its_node() -> None:
    endpoint = next(one for one in ON_PREMISES.endpoints if one.pool == "stratix")
    pod = pod_spec(endpoint, PodImages(mux="mux", triton="triton"), "mux")
    (card,) = [key for key in pod["containers"][0]["resources"]["limits"] if key.startswith("fpga.intel.com/af-")]
    assert pod["containers"][0]["resources"]["limits"][card] == "1"
    assert pod["nodeSelector"] == {"aigc/pool": "stratix"}
    assert [one["key"] for one in pod["tolerations"]] == ["fpga.intel.com/card"]
