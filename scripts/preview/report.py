"""One stack's preview, gathered: what it will be, cost, need, whether rules hold, and what a change does."""

from __future__ import annotations

from dataclasses import dataclass

from aigc.plan.stack_plan import StackPlan
from aigc.policy.judge import judge
from aigc.policy.rule import Verdict
from scripts.engine.graph import Graph
from scripts.preview.changes import Changes
from scripts.preview.policy_view import stack_view


@dataclass(frozen=True)
class StackReport:
    """Everything there is to say of one stack; `plan` is None for a graph without a stack file of ours."""

    graph: Graph
    plan: StackPlan | None
    changes: Changes | None
    verdicts: tuple[Verdict, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether a mandatory rule is broken."""
        return any(verdict.broken for verdict in self.verdicts)


def report_of(graph: Graph, plan: StackPlan, changes: Changes | None) -> StackReport:
    """The report with every rule's verdict."""
    return StackReport(graph, plan, changes, judge(stack_view(graph)))
