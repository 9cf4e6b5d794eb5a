"""A mix for a person: the machines and what they cost, and how each bucket is routed over them."""

from __future__ import annotations

from collections.abc import Iterator

from aigc.plan.mix.answer import Mix
from aigc.plan.mix.workload import Workload

_CUT_SHORT = 1e-6
"""From this share on, what is not proven of the cost is said."""


def render_mix(workload: Workload, mix: Mix) -> str:
    """The whole answer, one line a machine type and one a bucket."""
    return "\n".join(_lines(workload, mix)) + "\n"


def _lines(workload: Workload, mix: Mix) -> Iterator[str]:
    yield f"${mix.usd_per_hour:,.4g} an hour for {workload.total_request_rate:g} requests/s"
    if mix.usd_per_hour - mix.least_usd_per_hour > _CUT_SHORT * mix.usd_per_hour:
        yield f"  the search was cut short: what is cheaper costs at least ${mix.least_usd_per_hour:,.4g} an hour"
    width = max(len(name) for name in mix.counts)
    yield "\nMachines"
    for machine in workload.gpu_info:
        count = mix.counts[machine.name]
        busy = f", {mix.utilisation[machine.name]:.1%} busy" if count else ""
        yield f"  {machine.name:<{width}}  {count} at ${machine.cost:g} an hour{busy}"
    if mix.shares:
        yield "\nRouting of each bucket, by weights"
    for row, shares in enumerate(workload.workload_distribution):
        for column, share in enumerate(shares):
            parts = {name: matrix[row][column] for name, matrix in mix.shares.items() if matrix[row][column] > 0}
            if parts:
                said = ", ".join(f"{name} {part:.1%}" for name, part in parts.items())
                yield f"  [{row}][{column}] {share:.2%} of the requests: {said}"
