"""`pin --images` against a registry on loopback: digests are filled in, and nothing else of versions.yaml changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from aigc.catalog import data
from aigc.catalog.faults import UserError
from scripts.__main__ import main
from scripts.capacity.facts import Deadline, Fact, Known, Unknown
from scripts.pin.images import FILE, Outcome, ask_images, filled
from scripts.pin.registry import Tag, digest_of, tag_of
from scripts.progress import Progress
from tests.pure.capacity.loopback import serving
from tests.pure.catalog.copied import copied_catalog
from tests.pure.pin.registry_server import Registry, digest

TRITON = {"schemaVersion": 2, "manifests": [{"platform": {"architecture": "amd64"}}]}
PLUGIN = {"schemaVersion": 2, "layers": []}
IN_THE_FILE = {"triton": "nvcr.io/nvidia/tritonserver:26.07-py3", "plugin": "docker.io/intel/intel-fpga-plugin:0.36.0",
               "autoscaler": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.36.1"}  # fmt: skip


@pytest.fixture
def registry() -> Iterator[Registry]:
    known = Registry(manifests={("nvidia/tritonserver", "26.07-py3"): TRITON, ("plugin", "0.36.0"): PLUGIN})
    with serving(known.answer) as server:
        known.url = server.url
        yield known


@pytest.fixture
def catalog(tmp_path: Path, registry: Registry) -> Iterator[Path]:
    """The catalog's own file with its images in the registry of the test; the autoscaler's is not there."""
    host = registry.url.removeprefix("http://")
    with copied_catalog(tmp_path) as folder:
        text = (folder / FILE).read_text()
        there = {"triton": "nvidia/tritonserver:26.07-py3", "plugin": "plugin:0.36.0", "autoscaler": "autoscaler:v1"}
        for name, reference in IN_THE_FILE.items():
            assert reference in text
            text = text.replace(reference, f"{host}/{there[name]}")
        (folder / FILE).write_text(text)
        yield folder


def tag(registry: Registry, name: str = "nvidia/tritonserver:26.07-py3") -> Tag:
    found = tag_of(f"{registry.url.removeprefix('http://')}/{name}")
    assert found
    return found


def asked(registry: Registry, name: str = "nvidia/tritonserver:26.07-py3") -> Fact[str]:
    return digest_of(tag(registry, name), Deadline(60))


@pytest.mark.parametrize("wants_token", [True, False])
def test_a_digest_is_of_what_was_sent(registry: Registry, wants_token: bool) -> None:
    registry.wants_token = wants_token
    assert asked(registry) == Known(digest(TRITON))


def test_another_place_is_followed_and_asked_for_its_own_token(registry: Registry) -> None:
    front = Registry(moved_to=registry.url)
    with serving(front.answer) as server:
        front.url = server.url
        assert asked(front) == Known(digest(TRITON))


def test_a_digest_that_is_not_that_of_what_was_sent_is_none(registry: Registry) -> None:
    registry.said_digest = digest(PLUGIN)
    fact = asked(registry)
    assert isinstance(fact, Unknown) and "has the digest" in fact.reason


@pytest.mark.parametrize("challenge", ["Bearer x", "Bearer realm=", 'Bearer realm="file:///etc/passwd"'])
def test_a_challenge_that_leads_nowhere(registry: Registry, challenge: str) -> None:
    registry.challenge = challenge
    fact = asked(registry)
    assert isinstance(fact, Unknown) and "names no place to get one" in fact.reason


def test_what_is_private_or_not_there_says_so(registry: Registry) -> None:
    registry.private = {"plugin"}
    hidden, missing = asked(registry, "plugin:0.36.0"), asked(registry, "plugin2:0.36.0")
    assert isinstance(hidden, Unknown) and "to nobody without credentials" in hidden.reason
    assert isinstance(missing, Unknown) and "has no plugin2:0.36.0" in missing.reason


@pytest.mark.parametrize("reference", ["127.0.0.1:9/a:1", "127.0.0.1:port/a:1"])
def test_a_registry_that_does_not_answer_is_no_traceback(reference: str) -> None:
    found = tag_of(reference)
    assert found
    fact = digest_of(found, Deadline(0.5))
    assert isinstance(fact, Unknown)


def test_where_a_reference_leads() -> None:
    docker = tag_of(IN_THE_FILE["plugin"])
    assert docker == Tag("docker.io", "intel/intel-fpga-plugin", "0.36.0")
    assert docker.address == "https://registry-1.docker.io"
    assert tag_of("localhost:5000/a:1") == Tag("localhost:5000", "a", "1")
    assert [tag_of(one) for one in ("sagemaker-tritonserver:25.09-py3", "intel/plugin:1", "quay.io/a", "")] == [
        None
    ] * 4


def test_digests_are_filled_and_the_rest_of_the_file_stays(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (catalog / FILE).read_text()
    assert main(["pin", "--images", "--dry-run"]) == 1
    assert f'digest: "{digest(TRITON)}"' in capsys.readouterr().out
    assert (catalog / FILE).read_text() == before
    assert main(["pin", "--images"]) == 1
    said = capsys.readouterr().out
    assert "? cluster-autoscaler: unknown: " in said and "has no autoscaler:v1" in said
    assert "sagemaker-triton: not asked" in said
    after = (catalog / FILE).read_text()
    changed = [(old, new) for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [new.replace(f'"{found}"', "null") for (_, new), found in
            zip(changed, (digest(TRITON), digest(PLUGIN)), strict=True)] == [old for old, _ in changed]  # fmt: skip
    assert main(["pin", "--images"]) == 1
    assert "versions.yaml is as it was" in capsys.readouterr().out


def test_all_that_have_a_registry_found_ends_with_0(catalog: Path, registry: Registry) -> None:
    registry.manifests["autoscaler", "v1"] = PLUGIN
    assert main(["pin", "--images"]) == 0


def test_a_tag_that_moved_is_told_and_its_pin_stays(catalog: Path, registry: Registry) -> None:
    registry.manifests["autoscaler", "v1"] = PLUGIN
    assert main(["pin", "--images"]) == 0
    text = (catalog / FILE).read_text()
    registry.manifests["plugin", "0.36.0"] = TRITON
    outcomes = {one.name: one for one in ask_images(text, 60, Progress(quiet=True))}
    moved = outcomes["intel-fpga-plugin"]
    assert (moved.outcome, moved.digest, moved.settled) == (Outcome.MOVED, None, False)
    assert digest(TRITON) in moved.words and f"stays pinned to {digest(PLUGIN)}" in moved.words
    assert outcomes["triton"].outcome is Outcome.UNCHANGED
    assert main(["pin", "--images"]) == 1
    assert (catalog / FILE).read_text() == text


def test_a_row_in_another_form_is_filled_all_the_same() -> None:
    text = "upstream_images:\n  # why\n  a:\n    reference: r\n    digest: null  # not yet\n  b: {digest: ~}\n"
    edited = filled(text, {"b": "sha256:2", "a": "sha256:1"})
    assert edited == text.replace("null", '"sha256:1"').replace("~", '"sha256:2"')
    assert yaml.safe_load(edited)["upstream_images"]["a"] == {"reference": "r", "digest": "sha256:1"}


@pytest.mark.parametrize("row", ["{reference: r}", "{reference: r, digest: }"])
def test_a_row_without_a_place_for_it_is_named(row: str) -> None:
    with pytest.raises(UserError, match=r"upstream_images.a: has no `digest: null`"):
        filled(f"upstream_images:\n  a: {row}\n", {"a": "sha256:1"})


def test_what_stands_for_two_rows_is_left_to_a_person() -> None:
    text = "upstream_images:\n  a: &same {digest: null}\n  b: *same\n"
    with pytest.raises(UserError, match="something else would change"):
        filled(text, {"a": "sha256:1"})


def test_the_catalogs_own_file_has_a_place_for_each() -> None:
    text = data.catalog_path(FILE).read_text()
    names = [name for name, row in yaml.safe_load(text)["upstream_images"].items() if row["digest"] is None]
    assert yaml.safe_load(filled(text, dict.fromkeys(names, "sha256:0")))
