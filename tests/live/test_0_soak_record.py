"""The records of the soak speak of these sources: one that is older than what it covers is refused.

It needs no cluster; it is asked by `make test` only, for a soak takes longer than a change that is being worked on.
"""

from __future__ import annotations

import pytest

from tests.soak.record import COVERS, objections

pytestmark = pytest.mark.live


@pytest.mark.parametrize("part", COVERS)
def test_the_record_holds(part: str) -> None:
    assert objections(part) == []
