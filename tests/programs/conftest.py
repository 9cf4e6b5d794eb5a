"""The real program, run offline for every stack there is; each graph is made once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from aigc.config.stacks import PROJECT_ROOT
from scripts.engine.api import preview_graph
from scripts.engine.graph import Graph

STACKS = sorted(
    path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    for path in Path(PROJECT_ROOT, "stacks").glob("Pulumi.*.yaml")
)


@cache
def graph_of(stack: str) -> Graph:
    """The graph of a stack."""
    return preview_graph(stack, PROJECT_ROOT)


@pytest.fixture(params=STACKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Every stack's graph in turn."""
    return graph_of(str(request.param))
