"""All rules over one stack."""

from __future__ import annotations

from aigc.policy import buckets, cloud, floor, workloads
from aigc.policy.rule import Rule, Verdict
from aigc.policy.view import StackView

ALL_RULES: tuple[Rule, ...] = (*cloud.RULES, *buckets.RULES, *floor.RULES, *workloads.RULES)


def judge(stack: StackView) -> tuple[Verdict, ...]:
    """What each rule says, in the order of the rules; findings in the order of the URNs."""
    return tuple(
        Verdict(rule, tuple(sorted(rule.check(stack), key=lambda item: (item.urn, item.problem)))) for rule in ALL_RULES
    )
