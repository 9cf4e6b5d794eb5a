"""A tag that a registry has is never another image after a push; crane is played by a script with crane's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts import own_cluster
from scripts.local.images.archive import ImageArchive
from scripts.own_cluster import push_archives
from scripts.progress import Outcome, Progress

REFERENCE = "registry.example/aigc/envoy:1.40.0"
BUILT, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
ABSENT = "Error: GET http://registry.example/v2/aigc/envoy/manifests/1.40.0: NAME_UNKNOWN: Unknown name"
REFUSED = "Error: GET https://registry.example/v2/aigc/envoy/manifests/1.40.0: UNAUTHORIZED: authentication required"
SILENT = 'Error: Get "https://registry.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused'
SCRIPT = """#!/bin/bash
cd "$(dirname "$0")"
echo "$*" >> asked
if [ "$1" = digest ]; then
  [ -f digest ] && exec cat digest
  cat error >&2
  exit 1
fi
"""


@pytest.fixture
def crane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a crane that says what `digest` holds, or fails with `error`, and writes down what it is asked."""
    path = tmp_path / "crane"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    monkeypatch.setattr(own_cluster, "ensure_test_tool", lambda *_: path)
    return tmp_path


def push(
    crane: Path, progress: Progress, insecure: bool = False, reference: str = REFERENCE
) -> tuple[list[str], list[str]]:
    """What was pushed, and what crane was asked to do."""
    archive = ImageArchive(reference, crane / "archive", BUILT)
    return push_archives([archive], progress, insecure), (crane / "asked").read_text().splitlines()


@pytest.mark.parametrize("error", [ABSENT, REFUSED])
def test_what_is_not_there_is_pushed(crane: Path, error: str) -> None:
    """A registry that does not say whether there is a repository lets a push make one, or refuses it as well."""
    (crane / "error").write_text(error)
    pushed, asked = push(crane, Progress(quiet=True), insecure=True)
    assert pushed == [f"registry.example/aigc/envoy@{BUILT}"]
    assert asked == [f"digest {REFERENCE} --insecure", f"push {crane}/archive {REFERENCE} --insecure"]


@pytest.mark.parametrize(
    ("repository", "error"),
    [
        ("111122223333.dkr.ecr.us-east-1.amazonaws.com/aigc/envoy", "NAME_UNKNOWN: The repository does not exist"),
        ("us-central1-docker.pkg.dev/aigc-dev/aigc/envoy", 'MANIFEST_UNKNOWN: Failed to fetch "1.40.0"'),
        ("us-central1-docker.pkg.dev/aigc-dev/aigc/envoy", 'NAME_UNKNOWN: Repository "aigc" not found'),
        ("aigcdev.azurecr.io/aigc/envoy", "NAME_UNKNOWN: repository name not known to registry"),
    ],
)
def test_the_address_of_each_clouds_registry_is_pushed_to(crane: Path, repository: str, error: str) -> None:
    """On the first push there is no image of that name: each cloud says so with a code of the distribution spec."""
    (crane / "error").write_text(f"Error: GET https://{repository}/manifests/1.40.0: {error}")
    pushed, asked = push(crane, Progress(quiet=True), reference=f"{repository}:1.40.0")
    assert pushed == [f"{repository}@{BUILT}"]
    assert asked[-1] == f"push {crane}/archive {repository}:1.40.0"


def test_what_is_there_already_is_left_alone(crane: Path) -> None:
    (crane / "digest").write_text(f"{BUILT}\n")
    progress = Progress(quiet=True)
    pushed, asked = push(crane, progress)
    assert pushed == [f"registry.example/aigc/envoy@{BUILT}"]
    assert asked == [f"digest {REFERENCE}"]
    assert [step.outcome for step in progress.steps] == [Outcome.UNCHANGED]


@pytest.mark.parametrize(("file", "content", "says"), [("digest", OTHER, "so it stays"), ("error", SILENT, "refused")])
def test_another_image_under_the_tag_or_none_known_is_not_overwritten(
    crane: Path, file: str, content: str, says: str
) -> None:
    (crane / file).write_text(content)
    with pytest.raises(UserError, match=says) as raised:
        push(crane, Progress(quiet=True))
    assert raised.value.faults[0].where == REFERENCE
    assert (crane / "asked").read_text().splitlines() == [f"digest {REFERENCE}"]
