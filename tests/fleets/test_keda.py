"""What KEDA is told in a fleet is the load of the scene, and what of its objects is otherwise there is said."""

from __future__ import annotations

from urllib.parse import quote

from aigc.autoscaling.keda import in_flight_query, pending_query, scaled_object_body
from aigc.plan.validation import plan_of
from tests.fleets.control_plane import AUTOSCALER_SECONDS
from tests.fleets.keda import has_scalers
from tests.fleets.prometheus import HOST, Body, Prometheus, queries_of
from tests.fleets.stand_ins import hurried

(ENDPOINT,) = plan_of("aws-prod").endpoints
SCALED_OBJECT = scaled_object_body(ENDPOINT)


def result(prometheus: Prometheus, query: str) -> list[Body]:
    """As KEDA reads it."""
    answer = prometheus.answer(f"/api/v1/query?query={quote(query)}&time=2026-11-29T08:00:00Z")
    assert answer is not None
    assert (answer["status"], answer["data"]["resultType"]) == ("success", "vector")
    found: list[Body] = answer["data"]["result"]
    return found


def test_rendered_queries_have_the_load_of_the_scene_and_others_no_result() -> None:
    prometheus = Prometheus(queries_of([{"release": {"name": "keda"}}, SCALED_OBJECT]))
    prometheus.tell(7.0)
    for query in (pending_query(ENDPOINT), in_flight_query(ENDPOINT)):
        (series,) = result(prometheus, query)
        assert series["value"][1] == "7.0"
    assert result(prometheus, pending_query(ENDPOINT).replace("gpt", "another")) == []
    assert prometheus.answer("/api/v1/labels") is None


def test_metrics_that_vanish_are_no_zero() -> None:
    prometheus = Prometheus(queries_of([SCALED_OBJECT]))
    assert result(prometheus, pending_query(ENDPOINT))[0]["value"][1] == "0.0"
    prometheus.tell(None)
    assert result(prometheus, pending_query(ENDPOINT)) == []


def test_the_name_that_scaled_objects_have_is_the_one_that_is_answered() -> None:
    assert all(HOST in trigger["metadata"]["serverAddress"] for trigger in SCALED_OBJECT["spec"]["triggers"])


def test_of_a_scaled_object_only_how_fast_it_acts_is_otherwise_in_a_hurry() -> None:
    body, difference = hurried(SCALED_OBJECT)
    assert difference is not None
    assert difference.of == "ScaledObject gpt"
    assert f"not kept for {ENDPOINT.scaling.idle_seconds} s" in difference.what
    behaviour = body["spec"].pop("advanced")["horizontalPodAutoscalerConfig"]["behavior"]
    for direction in ("scaleUp", "scaleDown"):
        (policy,) = behaviour[direction]["policies"]
        assert (behaviour[direction]["stabilizationWindowSeconds"], policy["periodSeconds"]) == (0, AUTOSCALER_SECONDS)
    assert body == {**SCALED_OBJECT, "spec": {k: v for k, v in SCALED_OBJECT["spec"].items() if k != "advanced"}}


def test_only_stacks_with_scaled_objects_have_keda() -> None:
    assert has_scalers([{"kind": "Namespace"}, SCALED_OBJECT])
    assert not has_scalers([{"kind": "Namespace"}, {"release": {"name": "keda"}}])
