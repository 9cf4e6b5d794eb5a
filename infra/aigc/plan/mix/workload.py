"""The plain problem: how traffic parts by lengths, what a machine of each type serves of a part, and what it costs.

The form and its keys are those of Mélange (Griggs et al., arXiv 2404.14527): a bucket holds the requests of similar
input and output length.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from aigc.config.problems import Path, Problem, printable
from aigc.config.spec_model import SpecModel, Text

MOST_ROWS = 64
"""Of input lengths, of output lengths and of machine types."""
MOST_MACHINES = 1_000_000
"""Of a type, for one bucket; more is a slip of units."""
SHARES_OFF_BY = 0.01
"""How far from 1 the sum of shares may be: they are often rounded."""
COST = "cost"
"""The key of the answer beside the names of the machine types."""

Amount = Annotated[float, Field(ge=0)]
Row = Annotated[tuple[Amount, ...], Field(min_length=1, max_length=MOST_ROWS)]
Matrix = Annotated[tuple[Row, ...], Field(min_length=1, max_length=MOST_ROWS)]


class MachineType(SpecModel):
    """What a machine type costs and what it can do."""

    name: Text
    """What the answer calls it."""
    cost: Annotated[float, Field(gt=0)]
    """$ an hour of one machine."""
    tputs: Matrix
    """Requests/s that one machine serves within its objectives when all are of this bucket; 0: it cannot."""


class Workload(SpecModel):
    """The whole problem."""

    workload_distribution: Matrix
    """Share of the requests by bucket, in sum 1: a row for each input length, a column for each output length."""
    gpu_info: Annotated[tuple[MachineType, ...], Field(min_length=1, max_length=MOST_ROWS)]
    """Every machine type that may be had, in any number."""
    total_request_rate: Amount
    """Requests/s of all buckets together."""
    slice_factor: Annotated[int, Field(ge=1)] = 1
    """Equal slices of a bucket for a plan that places them whole. Ours parts buckets freely, so that it costs no more
    than any such plan (decision 0021)."""


def contradictions(workload: Workload) -> Iterator[Problem]:
    """Everything wrong between the parts of a workload whose parts are each well-formed."""
    matrices: dict[Path, Matrix] = {("workload_distribution",): workload.workload_distribution}
    matrices |= {("gpu_info", at, "tputs"): machine.tputs for at, machine in enumerate(workload.gpu_info)}
    misshapen = list(_misshapen(matrices))
    yield from misshapen
    yield from _names(workload)
    yield from _shares(workload)
    if not misshapen:
        yield from _not_served(workload)


def _misshapen(matrices: dict[Path, Matrix]) -> Iterator[Problem]:
    """Matrices that have not the shape of the first one's first row and number of rows."""
    first = next(iter(matrices.values()))
    rows, columns = len(first), len(first[0])
    for path, matrix in matrices.items():
        if len(matrix) != rows:
            problem = f"has {len(matrix)} rows, workload_distribution has {rows}"
            yield Problem(path, problem, "one row for each input length, the same in every matrix")
        for at, row in enumerate(matrix):
            if len(row) != columns:
                problem = f"has {len(row)} columns, the first row of workload_distribution has {columns}"
                yield Problem((*path, at), problem, "one column for each output length, the same in every matrix")


def _names(workload: Workload) -> Iterator[Problem]:
    seen: dict[str, int] = {COST: -1}
    for at, machine in enumerate(workload.gpu_info):
        first = seen.setdefault(machine.name, at)
        if first != at:
            taken = "the answer's own key" if machine.name == COST else f"the name of gpu_info[{first}] too"
            problem = f"{printable(machine.name)} is {taken}"
            yield Problem(("gpu_info", at, "name"), problem, "give each machine type a name of its own")


def _shares(workload: Workload) -> Iterator[Problem]:
    total = math.fsum(share for row in workload.workload_distribution for share in row)
    if abs(total - 1) > SHARES_OFF_BY:
        problem = f"adds up to {total:g}, not 1"
        yield Problem(("workload_distribution",), problem, "divide every share by that sum")


def _not_served(workload: Workload) -> Iterator[Problem]:
    """Buckets that have traffic and no machine, or none in a number that anybody has."""
    for at, shares in enumerate(workload.workload_distribution):
        for column, share in enumerate(shares):
            rate = share * workload.total_request_rate
            best = max(machine.tputs[at][column] for machine in workload.gpu_info)
            path = ("workload_distribution", at, column)
            if rate > 0 and best == 0:
                problem = f"has {share:.3g} of the traffic, and tputs[{at}][{column}] is 0 for every machine type"
                yield Problem(path, problem, "add a machine type that serves these lengths, or send them elsewhere")
            elif rate > MOST_MACHINES * best:
                problem = f"is {rate:.3g} requests/s, of which one machine serves {best:.3g} at most"
                yield Problem(path, problem, f"are both in requests/s? At most {MOST_MACHINES} machines are planned")
