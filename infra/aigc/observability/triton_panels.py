"""Pictures of Triton that more than one page shows."""

from __future__ import annotations

from aigc.catalog import triton_metrics
from aigc.observability import metric_names as names
from aigc.observability.panels import ENDPOINT, Panel, Query, Unit, quotient, rate
from aigc.plan.stack_plan import StackPlan

_MEMORY_FULL = 0.9
"""The kubelet evicts pods when 100 MiB are left; above nine tenths the page cache is already being taken back."""
_PHASES = ("input", "infer", "output")


def triton(name: str) -> str:
    """A series of Triton about the chosen endpoint."""
    return f'{name}{{{names.ENDPOINT_LABEL}="{ENDPOINT}"}}'


def time_in_triton_panel() -> Panel:
    """Queue against compute."""
    successes = rate(triton(triton_metrics.TRITON_SUCCESSES), "model")
    computes = zip(triton_metrics.TRITON_COMPUTE_US, _PHASES, strict=True)
    phases = ((triton_metrics.TRITON_QUEUE_US, "queue"), *((name, f"compute {phase}") for name, phase in computes))
    return Panel(
        "Time of a request inside Triton",
        "Mean, by phase. Queue above compute: requests wait for an instance, so more replicas or a larger batch. "
        "Compute infer up: the model itself (longer texts, a new version, a slower node). Input or output up: copying, "
        "large tensors. A model that calls another one computes while that one waits.",
        Unit.MICROSECONDS,
        tuple(
            Query(quotient(rate(triton(name), "model"), successes), f"{{{{model}}}} {phase}") for name, phase in phases
        ),
    )


def pending_panel() -> Panel:
    """The queue's length."""
    return Panel(
        "Pending requests",
        "Requests that wait in Triton for an instance, over all replicas. Above 0 for long: more comes in than is "
        "computed, and the wait grows until replicas are added.",
        Unit.COUNT,
        (Query(f"sum by (model) ({triton(triton_metrics.TRITON_PENDING)})", "{{model}}"),),
    )


def memory_panel(plan: StackPlan) -> tuple[Panel, ...]:
    """Memory, as far as there is a series: of the nodes that the pods run on, and of their GPUs."""
    node = Panel(
        "Memory of the pods' nodes",
        "Used share of the memory of each node that a pod of the endpoint runs on, all of the node's pods together. "
        "Near 100%: pods are evicted or killed, and before that everything becomes slow. The pods' own shows Request "
        "path, under Why is p99 up.",
        Unit.SHARE,
        (Query(_share(triton_metrics.NODE_MEMORY_USED_BYTES, triton_metrics.NODE_MEMORY_TOTAL_BYTES), "{{instance}}"),),
        bad_from=_MEMORY_FULL,
    )
    gpu = Panel(
        "GPU memory",
        "Used share of each GPU's memory. Near 100% a larger batch or one more instance fails to load; a jump at the "
        "same load is a leak.",
        Unit.SHARE,
        (
            Query(
                _share(triton_metrics.GPU_MEMORY_USED_BYTES, triton_metrics.GPU_MEMORY_TOTAL_BYTES),
                "{{instance}} {{gpu_uuid}}",
            ),
        ),
        bad_from=_MEMORY_FULL,
    )
    return (node, gpu) if any(endpoint.resources.accelerators for endpoint in plan.endpoints) else (node,)


def _share(used: str, total: str) -> str:
    return f"{triton(used)} / {triton(total)}"
