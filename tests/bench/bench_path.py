"""What each station of a request's path adds: the same small requests, sent in turn to every entry of one warm pod.

    python -m tests.bench.bench_path          writes tests/bench/results/path.json

Entries, each with all that lies behind it: Triton itself, the in-pod mux, the queue-proxy, the gateway, and the
activator, which a request meets only while its model is at zero replicas. What a station adds is the difference of
medians of two entries, sampled in the same rounds and in another order each time.
"""

from __future__ import annotations

import argparse
import http.client
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tritonclient.grpc as triton_grpc  # type: ignore[import-untyped,unused-ignore]

from aigc.plan.validation import plan_of
from aigc.serving.triton import GRPC_PORT, HTTP_PORT, MUX_PORT
from scripts.load.percentiles import order_statistic
from scripts.local.workloads import pod_is_ready
from scripts.model.client import GatewayEndpoint
from scripts.model.transport import request_tensors
from scripts.stacks import LOCAL_STACK
from tests.bench.intervals import difference_of_medians
from tests.bench.knative_copy import knative_copy, pods_of
from tests.bench.result_file import RESULTS, with_arguments, write_result
from tests.bench.servers import START_SECONDS, Bench, wait_for

COMMAND = "python -m tests.bench.bench_path"
NAME = "bench-path"
MODEL = "gpt"
QUEUE_PROXY_PORT = 8013
ACTIVATOR_PORT = 8013
"""Both for HTTP/2 without TLS, which the name of the endpoint's port asks for."""
ALWAYS_ONE = {"autoscaling.knative.dev/min-scale": "1", "autoscaling.knative.dev/initial-scale": "1"}
PROMPT = np.frombuffer(b"The package ", np.uint8).astype(np.int32)
WARMUP_ROUNDS = 20
SEED = 7

STATIONS = (
    ("mux", "mux", "triton"),
    ("queue-proxy", "queue-proxy", "mux"),
    ("gateway", "gateway", "queue-proxy"),  # the ingress
    ("whole path", "gateway", "triton"),
    ("activator", "activator", "queue-proxy"),
)
"""(what is added, entry with it, entry without it)"""

Ask = Callable[[], None]


@dataclass(frozen=True)
class Entry:
    """One door to the pod, with a connection that stays open."""

    name: str
    address: str
    host: str
    headers: dict[str, str] = field(default_factory=dict)


def entries(bench: Bench, gateway: GatewayEndpoint, pod: Any) -> list[Entry]:
    """Every entry that leads to the pod."""
    ip = pod.status.pod_ip
    activators = bench.workloads.core.list_namespaced_pod("knative-serving", label_selector="app=activator").items
    activator_ip = next(one.status.pod_ip for one in activators if pod_is_ready(one))
    revision = pod.metadata.labels["serving.knative.dev/revision"]
    headers = {"knative-serving-namespace": pod.metadata.namespace, "knative-serving-revision": revision}
    return [
        Entry("triton", f"{ip}:{GRPC_PORT}", gateway.host),
        Entry("mux", f"{ip}:{MUX_PORT}", gateway.host),
        Entry("queue-proxy", f"{ip}:{QUEUE_PROXY_PORT}", gateway.host),
        Entry("gateway", gateway.address, gateway.host),
        Entry("activator", f"{activator_ip}:{ACTIVATOR_PORT}", gateway.host, headers),
    ]


@contextmanager
def grpc_requests(entry: Entry) -> Iterator[dict[str, Ask]]:
    """Two requests over gRPC: whether the server is ready, and a prompt with one token of an answer."""
    options = [("grpc.default_authority", entry.host), ("grpc.use_local_subchannel_pool", 1)]
    with triton_grpc.InferenceServerClient(entry.address, channel_args=options) as client:
        inputs = request_tensors(triton_grpc, PROMPT, 1)

        def ready() -> None:
            if not client.is_server_ready(headers=entry.headers):
                raise ConnectionError(f"{entry.name} at {entry.address} is not ready")

        def infer() -> None:
            client.infer(MODEL, inputs, headers=entry.headers)

        yield {"grpc ready": ready, "grpc infer": infer}


@contextmanager
def http_requests(entry: Entry) -> Iterator[dict[str, Ask]]:
    """The same question over HTTP/1.1, which every entry takes too."""
    address = entry.address.rpartition(":")[0] + f":{HTTP_PORT}" if entry.name == "triton" else entry.address
    connection = http.client.HTTPConnection(address, timeout=10)

    def ready() -> None:
        connection.request("GET", "/v2/health/ready", headers={"Host": entry.host, **entry.headers})
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise ConnectionError(f"{entry.name} at {address} answers {answer.status}")

    try:
        yield {"http ready": ready}
    finally:
        connection.close()


def sampled(doors: Sequence[Entry], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds by request and entry; a round asks every entry once."""
    order = random.Random(SEED)  # noqa: S311 - not secret
    with ExitStack() as stack:
        asks: list[tuple[str, str, Ask]] = []
        for entry in doors:
            for requests in (grpc_requests(entry), http_requests(entry)):
                asks += [(name, entry.name, ask) for name, ask in stack.enter_context(requests).items()]
        kept: dict[str, dict[str, list[float]]] = {}
        for number in range(WARMUP_ROUNDS + rounds):
            order.shuffle(asks)
            for request, name, ask in asks:
                started = time.perf_counter()
                ask()
                took_ms = 1000 * (time.perf_counter() - started)
                if number >= WARMUP_ROUNDS:
                    kept.setdefault(request, {}).setdefault(name, []).append(took_ms)
    return kept


def facts_of(samples: dict[str, list[float]]) -> dict[str, Any]:
    """One request at every entry, and what each station adds to it."""
    ascending = {name: np.sort(np.array(values, np.float64)) for name, values in samples.items()}
    at_entries = {
        name: {"p50_ms": round(order_statistic(a, 0.5), 3), "p99_ms": round(order_statistic(a, 0.99), 3)}
        for name, a in ascending.items()
    }
    added = {
        station: {
            "p50_ms": difference_of_medians(samples[with_it], samples[without], SEED).rounded(3),
            "p99_ms": round(at_entries[with_it]["p99_ms"] - at_entries[without]["p99_ms"], 3),
        }
        for station, with_it, without in STATIONS
    }
    return {"entries": at_entries, "added": added}


def measure_path(bench: Bench, rounds: int) -> dict[str, Any]:
    """Bring a warm copy of the endpoint up and sample it."""
    with knative_copy(bench, bench.endpoint(MODEL), NAME, ALWAYS_ONE) as gateway:
        ready = wait_for(
            lambda: [pod for pod in pods_of(bench, NAME) if pod_is_ready(pod)], START_SECONDS, f"a pod of {NAME}"
        )
        doors = entries(bench, gateway, ready[0])
        wait_for(lambda: leads_to(doors[3], doors[2]), START_SECONDS, "the gateway sends past the activator")
        samples = sampled(doors, rounds)
    return {"rounds": rounds, "requests": {request: facts_of(samples[request]) for request in sorted(samples)}}


def leads_to(gateway: Entry, direct: Entry) -> bool:
    """Whether the gateway answers about as fast as the pod: right after the start it still asks the activator."""
    with http_requests(gateway) as through, http_requests(direct) as straight:
        times = []
        for ask in (through["http ready"], straight["http ready"]):
            ask()
            taken = []
            for _ in range(10):
                started = time.perf_counter()
                ask()
                taken.append(time.perf_counter() - started)
            times.append(min(taken))
    return times[0] < 3 * times[1] + 0.002


def main(arguments: Sequence[str]) -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=500, help="requests of each kind to each entry")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result(
        "path",
        with_arguments(COMMAND, arguments),
        measure_path(Bench.open(plan_of(LOCAL_STACK)), asked.rounds),
        asked.out,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
