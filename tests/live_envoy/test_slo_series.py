"""The series that the objectives read, selected by the program's own selectors from what a real Envoy exposes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from aigc.observability.metric_names import GATEWAY_BOUNDARIES_MS, RequestSeries, gateway_series
from scripts.local.gateway.objects import HttpPath, Split
from tests.live_envoy.rig import Gateway, backend, behind, get, route, service, to
from tests.live_envoy.servers import HttpUpstream

MakeHttp = Callable[[str], HttpUpstream]
SAMPLE = re.compile(r"^(\w+)\{(.*)\} (\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
MATCHER = re.compile(r'(\w+)(=~?)"((?:[^"\\]|\\.)*)"')


def total(text: str, selector: str) -> float | None:
    """The sum over the series that a selector of PromQL selects; None where it selects none."""
    name, matchers = selector.rstrip("}").split("{", 1)
    found = [
        float(value)
        for sample, labels, value in SAMPLE.findall(text)
        if sample == name
        and all(_matches(dict(LABEL.findall(labels)), *matcher) for matcher in MATCHER.findall(matchers))
    ]
    return sum(found) if found else None


def _matches(labels: dict[str, str], name: str, operator: str, wanted: str) -> bool:
    pattern = wanted.replace("\\\\", "\\") if operator == "=~" else re.escape(wanted)
    return re.fullmatch(pattern, labels.get(name, "")) is not None


def scrape(gateway: Gateway, series: RequestSeries, timed: float) -> str:
    """What Prometheus would read, once the histograms, which lag behind, have so many requests."""
    deadline = time.monotonic() + 15
    text = ""
    while total(text, series.timed) != timed and time.monotonic() < deadline:
        time.sleep(0.1)
        text = get(gateway.metrics_port, "/stats/prometheus", {}).body.decode()
    return text


def test_requests_errors_and_latency_of_one_endpoint(gateway: Gateway, http_upstream: MakeHttp) -> None:
    old, new, other = service("gpt-00001"), service("gpt-00002"), service("gpt-handbook")
    both = HttpPath((Split(backend(old), 50), Split(backend(new), 50)))
    routes = [route("gpt", "gpt.x", both), route("gpt-handbook", "gpt-handbook.x", to(other))]
    slices = [behind(old, http_upstream("old").port), behind(new, http_upstream("new").port)]
    assert gateway.serve(routes, [old, new, other], slices) == ""
    for _ in range(10):
        assert gateway.get("gpt.x").status == 200
    assert gateway.get("gpt.x", "/slow", internal=True).status == 200
    for _ in range(3):
        assert gateway.get("gpt-handbook.x").status == 503  # no address behind it: Envoy answers by itself
    gpt, handbook = gateway_series("gpt"), gateway_series("gpt-handbook")
    text = scrape(gateway, gpt, 11)
    # Both revisions and both listeners; the slow answer takes 0.3 s, the others a few milliseconds.
    assert (total(text, gpt.requests), total(text, gpt.errors), total(text, gpt.timed)) == (11, None, 11)
    took_ms = total(text, gpt.time)
    assert took_ms is not None and 300 <= took_ms <= 15_000
    assert [total(text, gpt.within(boundary)) for boundary in (250, 600_000)] == [10, 11]
    assert (total(text, handbook.requests), total(text, handbook.errors)) == (3, 3)
    assert total(text, handbook.timed) is None
    for boundary in GATEWAY_BOUNDARIES_MS:
        assert total(text, gpt.within(boundary)) is not None, boundary
