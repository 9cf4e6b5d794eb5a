"""moto once a process: it takes a second to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pure.capacity.aws_servers import Account, moto, point_at, product, quota, second


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, moto_url: str) -> Iterator[Account]:
    """An account whose quotas are enough for `aws-dev`, at the catalog's own prices; tests take away from it."""
    known = Account(
        applied={
            "L-1216C47A": quota("L-1216C47A", 64.0),
            "L-3819A6DF": quota("L-3819A6DF", 16.0),
        },
        products={
            ("c7i.2xlarge", "us-east-1"): [product(0.0), product(0.357)],
            ("g6.2xlarge", "us-east-1"): [product(0.9776)],
        },
    )
    with second(known) as server:
        point_at(monkeypatch, moto_url, server.url)
        yield known
