"""What is asked of Prometheus and what becomes of its answers and refusals."""

from __future__ import annotations

import httpx
import pytest

from scripts.local.prometheus import Prometheus, Sampled, UnansweredError
from scripts.status_page.collect import Span, filled, legend_of, line_of, read_numbers
from tests.pure.program.plans import local_plan
from tests.pure.status_page.samples import COLD, fake_prometheus, success


def test_the_numbers_are_the_dashboards_own_queries_for_one_endpoint() -> None:
    plan = local_plan()
    assert read_numbers(plan, "gpt", fake_prometheus(plan, {"gpt": COLD}), 300) == COLD


def test_grafanas_variables_are_replaced_everywhere() -> None:
    text = filled('rate(a{e="$endpoint"}[$__rate_interval]) offset $__rate_interval', "gpt", 60)
    assert text == 'rate(a{e="gpt"}[60s]) offset 60s'


def test_a_legend_is_filled_as_grafana_does() -> None:
    assert legend_of("{{model}} {{phase}} queue", {"model": "gpt"}) == "gpt  queue"
    assert legend_of("{{severity}} {{alertname}}", {"alertname": "A"}) == "A"


@pytest.mark.parametrize("minutes", [1, 15, 60, 1440])
def test_a_picture_has_no_more_points_than_are_seen(minutes: float) -> None:
    span = Span(1e9, minutes)
    assert span.step_seconds % 10 == 0
    assert 60 * minutes / span.step_seconds <= 100


def test_a_series_that_ended_has_no_value_now() -> None:
    span = Span(1000.0, 10)
    assert line_of("x", Sampled({}, ((900.0, 7.0),)), span).last is None
    assert line_of("x", Sampled({}, ((900.0, 7.0), (995.0, 8.0))), span).last == 8.0
    assert line_of("x", Sampled({}, ()), span).last is None


def prometheus(answer: httpx.Response | Exception) -> Prometheus:
    def give(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Prometheus("http://10.0.0.9:9090", httpx.MockTransport(give))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("refused"), "10.0.0.9 does not answer: refused"),
        (httpx.ReadTimeout("slow"), "10.0.0.9 does not answer: slow"),
        (httpx.Response(503, text="<html>not ready"), "does not answer"),
        (httpx.Response(400, json={"status": "error", "error": "parse error"}), "refuses: parse error"),
    ],
)
def test_silence_and_refusal_are_words(answer: httpx.Response | Exception, words: str) -> None:
    with pytest.raises(UnansweredError, match=words):
        prometheus(answer).query("up")


def test_what_is_no_number_is_no_value() -> None:
    rows = [{"metric": {}, "value": [1, "NaN"]}, {"metric": {}, "value": [1, "+Inf"]}]
    assert prometheus(success({"result": rows})).value("x") is None
    assert prometheus(success({"result": [*rows, {"metric": {}, "value": [1, "2"]}]})).value("x") == 2
