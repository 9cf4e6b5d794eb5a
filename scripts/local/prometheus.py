"""Questions to the Prometheus of the local cluster, over its HTTP API at its pod's address."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from aigc.catalog.labels import MONITORING_NAMESPACE
from scripts.local.workloads import Workloads, pod_is_ready

WEB_PORT = 9090
ANSWER_SECONDS = 10


class UnansweredError(Exception):
    """Prometheus is not there, does not answer, or refuses a query; its words say which."""


@dataclass(frozen=True)
class Sampled:
    """One series of an answer."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]
    """(Unix seconds, value), without what is no number; one point for an instant query."""


class Prometheus:
    """One server."""

    def __init__(self, url: str, transport: httpx.BaseTransport | None = None) -> None:
        self._client = httpx.Client(base_url=f"{url}/api/v1/", timeout=ANSWER_SECONDS, transport=transport)

    @classmethod
    def of(cls, workloads: Workloads) -> Prometheus:
        """The server of a cluster that this machine reaches the pods of.

        Raises:
            UnansweredError: no pod of it is ready.
        """
        selector = "app.kubernetes.io/name=prometheus"
        pods = workloads.core.list_namespaced_pod(MONITORING_NAMESPACE, label_selector=selector).items
        ready = [pod for pod in pods if pod_is_ready(pod)]
        if not ready:
            raise UnansweredError(f"no pod of Prometheus is ready in namespace {MONITORING_NAMESPACE}")
        return cls(f"http://{ready[0].status.pod_ip}:{WEB_PORT}")

    def query(self, expression: str, at: float | None = None) -> list[Sampled]:
        """The value of every series now, or at a Unix time.

        Raises:
            UnansweredError: there is no answer, or the query is refused.
        """
        parameters = {"query": expression, **({} if at is None else {"time": f"{at:.3f}"})}
        return [_sampled(row["metric"], [row["value"]]) for row in self.get("query", parameters)["result"]]

    def value(self, expression: str, at: float | None = None) -> float | None:
        """The sum over the series of an answer; None when there is none, or no number.

        Raises:
            UnansweredError: as `query`.
        """
        values = [value for series in self.query(expression, at) for _, value in series.points]
        return sum(values) if values else None

    def query_range(self, expression: str, start: float, end: float, step_seconds: float) -> list[Sampled]:
        """The values of every series between two Unix times.

        Raises:
            UnansweredError: as `query`.
        """
        parameters = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step_seconds:g}"}
        return [_sampled(row["metric"], row["values"]) for row in self.get("query_range", parameters)["result"]]

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        """The data of any answer of the API.

        Raises:
            UnansweredError: there is none.
        """
        try:
            answer = self._client.get(path, params=dict(parameters or {}))
            document = answer.json()
        except (httpx.HTTPError, ValueError) as broken:
            raise UnansweredError(f"Prometheus at {self._client.base_url.host} does not answer: {broken}") from broken
        if document.get("status") != "success":
            raise UnansweredError(f"Prometheus refuses: {document.get('error', answer.status_code)}")
        return document["data"]


def _sampled(labels: Mapping[str, str], values: list[tuple[float, str]]) -> Sampled:
    points = ((float(at), float(text)) for at, text in values)
    return Sampled(labels, tuple((at, value) for at, value in points if math.isfinite(value)))
