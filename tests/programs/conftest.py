"""Every stack's graph, for the tests that look at it."""

from __future__ import annotations

import pytest

from scripts.engine.graph import Graph
from tests.programs.graphs import STACKS, graph_of


@pytest.fixture(params=STACKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Every stack's graph in turn."""
    return graph_of(str(request.param))
