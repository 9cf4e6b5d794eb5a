"""A rule: a pure function over a view of a stack, with its name, its weight, and a way out for each finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from aigc.policy.view import StackView


class Weight(StrEnum):
    """What a finding stops."""

    MANDATORY = "mandatory"
    """Preview says no, `up` refuses."""
    PRODUCTION_UP = "production_up"
    """`up` of a `*-prod` stack refuses; everything else is warned."""
    ADVISORY = "advisory"
    """A warning everywhere."""


@dataclass(frozen=True)
class Finding:
    """One resource that breaks a rule."""

    urn: str
    problem: str
    way_out: str


@dataclass(frozen=True)
class Rule:
    """One rule."""

    name: str
    """Letters, digits and hyphens: Pulumi shows it."""
    description: str
    weight: Weight
    check: Callable[[StackView], Iterator[Finding]]
    alone: bool = False
    """It looks at one resource at a time, so that `up` refuses before that one is made."""
    needs_secretness: bool = False
    """It must know what is secret, which Pulumi tells no policy: only `preview` can decide it."""


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one stack."""

    rule: Rule
    findings: tuple[Finding, ...]

    @property
    def broken(self) -> bool:
        """Whether it stops a preview."""
        return bool(self.findings) and self.rule.weight is Weight.MANDATORY

    def refused_at_up(self, view: StackView) -> bool:
        """Whether `up` would refuse."""
        if not self.findings:
            return False
        production = self.rule.weight is Weight.PRODUCTION_UP and view.production
        return production or self.rule.weight is Weight.MANDATORY
