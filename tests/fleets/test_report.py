"""A report names what was seen beside what was expected; a command line that cannot be played is refused in words."""

from __future__ import annotations

import os
from typing import Any

import pytest

from aigc.catalog.faults import UserError
from tests.fleets import stage
from tests.fleets.__main__ import main
from tests.fleets.report import lines

SCENE = {
    "scene": "after a spot wave",
    "expected": {"gpt": {"floor": 3, "waiting": 1}},
    "placed": {"gpt": {"floor": 2, "waiting": 2}},
    "stand_ins_expected": {"keda-operator": {"platform": 2}},
    "stand_ins": {"keda-operator": {"platform": 1}},
    "waits": [f"gpt-{index} waits for spot" for index in range(6)],
    "objections": ["after a spot wave, gpt: 2 pods wait for spot, the plan says 1"],
}
SEEN: dict[str, Any] = {
    "stack": "aws-prod",
    "scenes": [SCENE],
    "seconds": {"after a spot wave": 8.2},
    "differences": [{"of": "Release monitoring/prometheus", "what": "nothing takes room"}],
    "objections": SCENE["objections"],
}


def test_expected_stands_beside_placed_and_what_is_otherwise_under_its_scene() -> None:
    text = "\n".join(lines(SEEN))
    assert text.startswith("Stack aws-prod: 1 things are otherwise than planned")
    assert "expected 3 floor, 1 waiting; placed 2 floor, 2 waiting" in text
    assert "expected 2 platform; placed 1 platform" in text
    assert "gpt-3 waits for spot\n    and 2 more wait" in text
    assert "✗ after a spot wave, gpt: 2 pods wait" in text
    assert "Release monitoring/prometheus: nothing takes room" in text


def test_a_stack_that_is_as_planned_says_so() -> None:
    fine = {**SEEN, "objections": [], "scenes": [{**SCENE, "objections": []}]}
    text = "\n".join(lines(fine))
    assert "every pod is where the plan says" in text
    assert "✗" not in text


def test_the_command_ends_with_1_when_a_play_objects_or_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def played(stack: str, *_: Any, **__: Any) -> dict[str, Any]:
        if stack == "gcp-dev":
            raise stage.PlayEndedError("gcp-dev: the play ended with 3")
        return {**SEEN, "stack": stack, "objections": SEEN["objections"] if stack == "aws-prod" else []}

    for name in ("must_be_playable", "make_ready"):
        monkeypatch.setattr(f"tests.fleets.__main__.{name}", lambda *_: None)
    monkeypatch.setattr("tests.fleets.__main__.play", played)
    assert main(["aws-dev"]) == 0
    assert main(["aws-prod", "aws-dev"]) == 1
    assert main(["gcp-dev", "aws-dev"]) == 1
    printed = capsys.readouterr()
    assert "the play ended with 3" in printed.err
    assert printed.out.count("Stack aws-dev: every pod") == 3


@pytest.mark.parametrize("stack", ["aws-prodd", "local"])
def test_what_cannot_be_played_is_refused(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([stack]) == 2
    assert stack in capsys.readouterr().err


def test_only_root_makes_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserError, match="as root"):
        stage.must_be_playable(["aws-prod"])


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "inf", "nan"])
def test_patience_is_a_number_of_seconds(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["aws-prod", "--patience", seconds])
    assert ended.value.code == 2
    assert "above 0" in capsys.readouterr().err
