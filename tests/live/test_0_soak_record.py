"""The records of the soak speak of these sources: one that is older than what it covers is refused.

A part without any record has not been soaked yet: that is skipped, and said. It needs no cluster; it is asked by
`make test` only, for a soak takes longer than a change that is being worked on.
"""

from __future__ import annotations

import pytest

from tests.soak.record import COVERS, RECORDS, objections

pytestmark = pytest.mark.live


@pytest.mark.parametrize("part", COVERS)
def test_the_record_holds(part: str) -> None:
    found = objections(part)
    if not (RECORDS / f"{part}.json").is_file():
        pytest.skip("; ".join(found))
    assert found == []
