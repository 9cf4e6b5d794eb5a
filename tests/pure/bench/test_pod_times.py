"""Triton's log line is read as the time it says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.bench.pod_times import triton_serves_at

LOG = """\
I1124 08:01:15.704227 7896 grpc_server.cc:2558] "Started GRPCInferenceService at 0.0.0.0:8001"
I1124 08:01:15.704558 7896 http_server.cc:4713] "Started HTTPService at 0.0.0.0:8000"
"""


def test_the_line_of_the_http_service_counts() -> None:
    at = datetime.fromtimestamp(triton_serves_at(LOG), UTC)
    assert (at.month, at.day, at.hour, at.minute, at.second, at.microsecond) == (11, 24, 8, 1, 15, 704558)


def test_a_server_that_never_served_is_named() -> None:
    with pytest.raises(ValueError, match="does not say"):
        triton_serves_at("E1124 08:01:15.0 1 server.cc:1] failed")
