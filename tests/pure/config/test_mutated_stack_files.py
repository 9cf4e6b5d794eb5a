"""300 stack files bent at random: each is valid and makes a plan, or ends 2 with place, reason and way out."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY, PROJECT_ROOT, stack_names, stack_path
from aigc.plan.resolve import resolve
from scripts.verbs import schema, validate

SEED = 20261122
COUNT = 300
TEXTS = [stack_path(name).read_text() for name in stack_names()]
SCALARS: list[Any] = [
    None, True, False, 0, -1, 1, 3, 2**63, 10**30, 1.5, -0.0, 1e300, "", " ", "x", "local", "gcp", "spot", "auto",
    "cpu", "nvidia-l4", "knative", "1.37", "012", "on", "~", "../../etc/passwd", "ünïcode", "a" * 5000, "\x07",
    "\u2028", "💥", [], [[]], {}, {"": {}}, ["a"], {"a": {"b": []}}, [None], "g2-standard-8", "gpt", "us-central1",
    "aws", "us-east-1a", "us-east-1", "111122223333", "g6.2xlarge", "inf2.xlarge", "f1.2xlarge", "us-gov-west-1",
]  # fmt: skip
SNIPPETS = ["{", "}", "[", "]", ":", "- ", "\t", "'", '"', "&a ", "*a", "!!set ", "!x ", "<<: ", "%", "@", "|", "\0",
            "---\n", "\u200b", "\x85", "#", "? ", "\r"]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


def _bend_value(rng: random.Random, document: dict[str, Any]) -> None:
    places = _places(document)[1:]
    if not places:
        return
    place = rng.choice(places)
    parent: Any = document
    for part in place[:-1]:
        parent = parent[part]
    kind = rng.choice(["set", "set", "drop", "rename", "add", "move"])
    if kind == "set":
        parent[place[-1]] = copy.deepcopy(rng.choice(SCALARS))
    elif kind == "drop":
        del parent[place[-1]]
    elif isinstance(parent, list):
        parent.append(rng.choice(SCALARS))
    elif kind == "rename":
        key = str(place[-1]) or "?"
        at = rng.randrange(len(key))
        parent[key[:at] + rng.choice("xyz_- :") + key[at + 1 :]] = parent.pop(place[-1])
    elif kind == "add":
        parent[rng.choice(["mode", "pool", "zones", "slo", "replicas", "x", "max", "registry"])] = rng.choice(SCALARS)
    elif isinstance(document.get("config"), dict):
        document["config"]["aigc:stack"] = copy.deepcopy(parent[place[-1]])


def _bend_text(rng: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or ["\n"]
    at = rng.randrange(len(lines))
    kind = rng.choice(["drop", "twice", "indent", "snippet", "cut", "swap"])
    if kind == "drop":
        del lines[at]
    elif kind == "twice":
        lines.insert(at, lines[at])
    elif kind == "indent":
        lines[at] = " " * rng.randrange(1, 5) + lines[at] if rng.random() < 0.5 else lines[at].lstrip()
    elif kind == "swap":
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    whole = "".join(lines)
    where = rng.randrange(len(whole) + 1)
    if kind == "snippet":
        return whole[:where] + rng.choice(SNIPPETS) + whole[where:]
    return whole[:where] if kind == "cut" else whole


def mutated(index: int) -> bytes:
    rng = random.Random(SEED + index)  # noqa: S311 - reproducible, not secret
    text = rng.choice(TEXTS)
    if index % 3:
        document = yaml.safe_load(text)
        for _ in range(rng.randrange(1, 4)):
            _bend_value(rng, document)
        text = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True)
    else:
        for _ in range(rng.randrange(1, 3)):
            text = _bend_text(rng, text)
    raw = text.encode()
    if index % 17 == 0:
        at = rng.randrange(len(raw) + 1)
        raw = raw[:at] + bytes([rng.randrange(256)]) + raw[at:]
    return raw


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer(pretty_exceptions_enable=False)
    validate.register(made)
    schema.register(made)
    return made


@pytest.mark.whole
def test_300_mutated_stack_files(tmp_path: Path, app: typer.Typer) -> None:
    seen: Counter[int] = Counter()
    for index in range(COUNT):
        raw = mutated(index)
        named = (f"{name}-test" for name in ("aws", "gcp", "azure", "existing") if f"cloud: {name}".encode() in raw)
        cloud = next(named, "local")
        path = tmp_path / f"Pulumi.{cloud}.yaml"
        path.write_bytes(raw)
        result = CliRunner().invoke(app, ["validate", "--file", str(path), "--format", "json"])
        said = f"mutation {index}:\n{raw.decode(errors='replace')}\n{result.output}"
        assert result.exception is None or isinstance(result.exception, SystemExit), f"{said}\n{result.exception!r}"
        assert result.exit_code in (0, 2), said
        seen[result.exit_code] += 1
        answer = json.loads(result.stdout)
        assert bool(answer["faults"]) == (result.exit_code == 2), said
        for fault in answer["faults"]:
            assert fault["where"].startswith(str(path)), said
            assert fault["problem"].strip(), said
            assert fault["way_out"].strip(), said
            assert "Traceback" not in str(fault), said
        if result.exit_code == 0:
            assert resolve(parse_stack_file(path), cloud, MODEL_REPOSITORY).endpoints, said
    assert seen[0] > COUNT // 20, "mutations that leave nothing valid prove little"
    assert seen[2] > COUNT // 2


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_command_itself(tmp_path: Path, index: int) -> None:
    path = tmp_path / "Pulumi.local.yaml"
    raw = [b"config: {", b"\xff\xfe", b"config:\n  aigc:stack: {cloud: locl, models: {nope: {}}}\n"][index]
    path.write_bytes(raw)
    command = [sys.executable, "-m", "scripts", "validate", "--file", str(path)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert str(path) in done.stderr
    assert "→" in done.stderr
