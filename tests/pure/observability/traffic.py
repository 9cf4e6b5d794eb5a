"""Series as the gateway, Knative's queue-proxy and Triton expose them, with traffic of our choice.

The names are written out and not taken from the program: `tests/live_envoy/test_slo_series.py` reads the gateway's
off a real Envoy.
"""

from __future__ import annotations

from collections.abc import Sequence

from tests.pure.observability.promtool import Series, rate

Shares = Sequence[float | None]
"""For each step the share of bad requests, or None for a step without any request."""


def gateway(shares: Shares, endpoint: str = "gpt", requests: float = 1000) -> Series:
    """The gateway's series of an endpoint: a share of its requests fails, the same share is slow; over two hosts."""
    result: Series = {}
    for host, part in ((f"{endpoint}.models.aigc.internal", 0.75), (f"{endpoint}.models", 0.25)):
        total = [0 if share is None else requests * part for share in shares]
        bad = [requests * part * (share or 0) for share in shares]
        good = [all_ - some for all_, some in zip(total, bad, strict=True)]
        labels = f'envoy_virtual_cluster="models/{endpoint}",envoy_virtual_host="models/{endpoint}/{host}"'
        prefix = "envoy_vhost_vcluster_upstream_rq"
        result |= {
            f"{prefix}_completed{{{labels}}}": rate(total),
            f'{prefix}_xx{{{labels},envoy_response_code_class="2"}}': rate(good),
            f"{prefix}_time_count{{{labels}}}": rate(total),
            f'{prefix}_time_bucket{{{labels},le="1300"}}': rate([0.0] * len(total)),
            f'{prefix}_time_bucket{{{labels},le="2500"}}': rate(good),
            f'{prefix}_time_bucket{{{labels},le="+Inf"}}': rate(total),
        }
        if any(bad):  # Envoy has no series of a class before its first answer
            result[f'{prefix}_xx{{{labels},envoy_response_code_class="5"}}'] = rate(bad)
    return result


def queue_proxy(shares: Sequence[float], endpoint: str = "gpt", requests: float = 1000) -> Series:
    """The same as the pods' queue-proxy shows it, scraped by a Prometheus 3, which writes `2.5` and `5.0`."""
    result: Series = {}
    for code, is_bad in (("200", False), ("503", True)):
        counts = [requests * (share if is_bad else 1 - share) for share in shares]
        labels = f'aigc_endpoint="{endpoint}",http_response_status_code="{code}"'
        name = "kn_serving_invocation_duration_seconds"
        result |= {
            f"{name}_count{{{labels}}}": rate(counts),
            f'{name}_bucket{{{labels},le="1.0"}}': rate([0.0] * len(counts)),
            f'{name}_bucket{{{labels},le="2.5"}}': rate([0.0 if is_bad else count for count in counts]),
            f'{name}_bucket{{{labels},le="+Inf"}}': rate(counts),
        }
    return result


def triton(
    steps: int,
    *,
    requests: float = 100,
    failures: float = 0,
    reason: str = "BACKEND",
    queue_us: float,
    compute_us: float,
) -> Series:
    """Triton's counters of one model: so many requests a step, each of which waits and computes so long."""
    labels = 'aigc_endpoint="gpt",instance="10.0.0.9:8002",job="triton",model="gpt",version="1"'
    return {
        f"nv_inference_request_success{{{labels}}}": rate([requests] * steps),
        f'nv_inference_request_failure{{{labels},reason="{reason}"}}': rate([failures] * steps),
        f"nv_inference_queue_duration_us{{{labels}}}": rate([requests * queue_us] * steps),
        f"nv_inference_compute_input_duration_us{{{labels}}}": rate([requests * compute_us * 0.1] * steps),
        f"nv_inference_compute_infer_duration_us{{{labels}}}": rate([requests * compute_us * 0.8] * steps),
        f"nv_inference_compute_output_duration_us{{{labels}}}": rate([requests * compute_us * 0.1] * steps),
    }


def up(value: float, steps: int, labels: str) -> Series:
    """Whether a target answered its scrapes."""
    return {f"up{{{labels}}}": [value] * (steps + 1)}
