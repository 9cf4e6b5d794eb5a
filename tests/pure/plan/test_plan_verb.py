"""`plan` on a terminal: the plan on standard output, and beside it what its cloud does not do."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from aigc.clouds.registry import adapter_for
from aigc.plan.stack_plan import Cloud
from aigc.plan.text import render_text
from aigc.plan.validation import plan_of
from scripts.verbs import plan


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    plan.register(app)
    app.command("other")(lambda: None)  # with one command alone Typer drops its name
    return app


def test_what_a_cloud_does_not_do_is_said_and_is_not_the_plan(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["plan", "aws-dev"])
    assert result.exit_code == 0
    assert result.stdout == render_text(plan_of("aws-dev")), "a golden plan is what was chosen"
    said = " ".join(result.stderr.split())
    inabilities = adapter_for(Cloud.AWS).inabilities
    assert f"Not done on aws ({len(inabilities)})" in said
    assert [one.what for one in inabilities if f"{one.what}: {one.sentence}" not in said] == []


def test_json_is_one_document(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["plan", "gcp-dev", "--format", "json"])
    assert json.loads(result.stdout)["stack"] == "gcp-dev" and result.stderr == ""
