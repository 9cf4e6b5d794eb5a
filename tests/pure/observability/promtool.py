"""Runs the real promtool over rules: series in, alerts out."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

import yaml

from scripts.local.supply.test_tools import ensure_test_tool

Series = dict[str, list[float]]
"""Selector of one series -> its value at each step; NaN at a step without any."""


def rate(values_per_step: Sequence[float]) -> list[float]:
    """A counter that grows by so much each step."""
    total, counter = 0.0, [0.0]
    for value in values_per_step:
        total += value
        counter.append(total)
    return counter


@dataclass(frozen=True)
class Check:
    """What an expression must give at a time: a number, or None for nothing at all."""

    step: int
    expression: str
    value: float | None


def firing(alert: str, *, window: str = "", endpoint: str = "gpt") -> str:
    """How many alerts of a name fire."""
    matchers = [f'alertname="{alert}"', 'alertstate="firing"']
    matchers += [f'window="{window}"'] if window else []
    matchers += [f'aigc_endpoint="{endpoint}"'] if endpoint else []
    return f"count(ALERTS{{{','.join(matchers)}}}) or vector(0)"


def rule_file(bodies: Sequence[dict[str, Any]], folder: Path) -> Path:
    """What the operator makes of PrometheusRule objects: a file of their groups."""
    groups = [group for body in bodies for group in body["spec"]["groups"]]
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": groups}, sort_keys=False), encoding="utf-8")
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """promtool with arguments."""
    return subprocess.run(
        [str(ensure_test_tool("promtool")), *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@dataclass(frozen=True)
class Scenario:
    """Series, and what must be true at some of their steps; rules are evaluated at every so many steps only."""

    step_seconds: int
    series: Series
    checks: Sequence[Check]
    evaluated_every_steps: int = 1

    def body(self) -> dict[str, Any]:
        """As promtool reads it."""
        assert all(check.step % self.evaluated_every_steps == 0 for check in self.checks), "nothing is evaluated there"
        return {
            "interval": f"{self.step_seconds}s",
            "input_series": [
                {"series": name, "values": " ".join("_" if isnan(value) else f"{value:.6f}" for value in values)}
                for name, values in self.series.items()
            ],
            "promql_expr_test": [
                {
                    "expr": check.expression,
                    "eval_time": f"{check.step * self.step_seconds}s",
                    "exp_samples": [] if check.value is None else [{"labels": "{}", "value": check.value}],
                }
                for check in self.checks
            ],
        }


def faults(rules: Path, *scenarios: Scenario) -> str:
    """What promtool has against these scenarios, one file each; empty when every check holds."""
    paths = []
    for number, scenario in enumerate(scenarios):
        evaluation = f"{scenario.step_seconds * scenario.evaluated_every_steps}s"
        content = {"rule_files": [str(rules)], "evaluation_interval": evaluation, "tests": [scenario.body()]}
        paths.append(rules.parent / f"test-{number}.yaml")
        paths[-1].write_text(yaml.safe_dump(content), encoding="utf-8")
    done = run("test", "rules", *map(str, paths))
    return "" if done.returncode == 0 else done.stdout + done.stderr
