"""Runs small programs through the engine, each in a folder of its own."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.engine.graph import Graph
from scripts.engine.runner import run_stack

SAMPLES = Path(__file__).parent / "samples"
PROJECT = """\
name: sample
runtime: python
main: infra
stackConfigDir: stacks
config:
  pulumi:disable-default-providers:
    value: ["*"]
  pulumi:autonaming:
    value:
      mode: disabled
"""
PRELUDE = """\
import pulumi
import pulumi_kubernetes as k8s

provider = k8s.Provider("cluster", kubeconfig="{}")
named = pulumi.ResourceOptions(provider=provider)


class Box(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("aigc:test:Box", name, {}, opts)


def config_map(name, opts=named, **data):
    return k8s.core.v1.ConfigMap(name, metadata={"name": name, "namespace": "models"}, data=data, opts=opts)


"""

RunProgram = Callable[..., Graph]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project with the rules of the real one."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    return tmp_path


@pytest.fixture
def run_program(project: Path) -> RunProgram:
    """Run a program given as text; `config` is the stack file's."""
    return runner_in(project)


def runner_in(project: Path) -> RunProgram:
    """Writes program and stack file into a project and runs them."""

    def run(program: str, config: str = "{}", live: dict[str, dict[str, object]] | None = None) -> Graph:
        (project / "infra" / "__main__.py").write_text(PRELUDE + textwrap.dedent(program))
        (project / "stacks" / "Pulumi.dev.yaml").write_text(
            f"config:\n{textwrap.indent(textwrap.dedent(config), '  ')}\n"
        )
        return run_stack("dev", project, live=live)

    return run


def _stack_file(config: str) -> str:
    return f"config:\n{textwrap.indent(textwrap.dedent(config), '  ')}\n"


@pytest.fixture(scope="session")
def sample() -> Graph:
    """The graph of the sample program."""
    return run_stack("dev", SAMPLES / "basic")
