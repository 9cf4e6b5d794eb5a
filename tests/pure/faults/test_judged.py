"""How a fault is judged by what the load saw of it."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.load.run_file import Sample
from tests.faults.fault import Fault, judged
from tests.faults.library import FAULTS
from tests.faults.traffic import WRONG, WrongAnswerError, reason_of


class Load:
    """One stream that began at 0 and was marked at 10 s."""

    def __init__(self, *samples: Sample) -> None:
        self._samples = list(samples)

    def since(self, mark: list[float]) -> list[list[Sample]]:
        return [[sample for sample in self._samples if sample.done_seconds >= mark[0]]]


def sample(sent: float, done: float, error: str = "") -> Sample:
    return Sample(sent, sent, done, 1, 1, error)


def outcome(*samples: Sample, may_fail: bool = False) -> Any:
    fault = Fault("f", lambda scene: None, may_fail=may_fail)
    return judged(fault, Load(*samples), [10.0], "line", 5.0, [])  # type: ignore[arg-type]


def test_a_fault_that_nobody_noticed() -> None:
    found = outcome(sample(9.0, 9.5), sample(10.1, 10.3), sample(11.0, 11.2))
    assert (found.answered, found.failed, found.wrong, found.broken) == (2, 0, 0, ())
    assert found.good_again_seconds == pytest.approx(0.3)


def test_failures_count_also_those_that_were_under_way() -> None:
    found = outcome(sample(9.9, 10.4, "cut"), sample(10.5, 10.6, "refused"), sample(14.0, 14.5))
    assert (found.failed, found.good_again_seconds) == (2, pytest.approx(4.5))
    assert found.reasons == {"cut": 1, "refused": 1}
    assert "2 requests failed" in found.broken[0]
    assert outcome(sample(10.5, 10.6, "refused"), sample(14.0, 14.5), may_fail=True).broken == ()


def test_a_wrong_answer_is_never_allowed() -> None:
    error = reason_of(WrongAnswerError("'a' -> 'c', not 'b'"))
    found = outcome(sample(10.5, 10.6, error), sample(14.0, 14.5), may_fail=True)
    assert (found.wrong, found.failed) == (1, 0)
    assert WRONG in found.broken[0]


def test_a_platform_that_never_answers_again_is_not_good_again() -> None:
    assert outcome(sample(10.5, 10.6, "refused"), may_fail=True).good_again_seconds == float("inf")


def test_every_fault_has_a_name_of_its_own_and_says_what_names_it() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert [fault.name for fault in FAULTS if not fault.words] == []
