"""Images of ours reach a real registry, byte for byte; a cluster of one's own without a registry is refused."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.faults import UserError
from aigc.config.stacks import MODEL_REPOSITORY, PROJECT_ROOT
from scripts.local.supply.api import ensure_images, ensure_test_tool
from scripts.own_cluster import push_archives
from scripts.progress import Outcome, Progress

pytestmark = pytest.mark.cluster

START_SECONDS = 20


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    crane = ensure_test_tool("crane", Progress(quiet=True))
    folder = tmp_path_factory.mktemp("registry")
    with subprocess.Popen([str(crane), "registry", "serve", "--address", address, "--disk", str(folder)]) as server:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://{address}/v2/").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
        server.terminate()


def test_a_pushed_image_is_the_one_that_was_built(registry: str) -> None:
    reference = f"{registry}/aigc/pause:1.0.0"
    (archive,) = ensure_images({"pause": reference}, [], MODEL_REPOSITORY, Progress(quiet=True))
    assert push_archives([archive], Progress(quiet=True), insecure=True) == [f"{registry}/aigc/pause@{archive.digest}"]
    served = httpx.get(f"http://{registry}/v2/aigc/pause/manifests/1.0.0").raise_for_status()
    assert served.headers["Docker-Content-Digest"] == archive.digest
    config = served.json()["config"]["digest"]
    user = json.loads(httpx.get(f"http://{registry}/v2/aigc/pause/blobs/{config}").text)["config"]["User"]
    assert user.split(":")[0].isdigit()


def test_a_tag_keeps_the_image_that_it_has(registry: str) -> None:
    reference = f"{registry}/aigc/kept:1.0.0"
    (archive,), (other,) = (
        ensure_images({role: reference}, [], MODEL_REPOSITORY, Progress(quiet=True)) for role in ("pause", "envoy")
    )
    progress = Progress(quiet=True)
    assert push_archives([archive], progress, insecure=True) == push_archives([archive], progress, insecure=True)
    pushes = [step.outcome for step in progress.steps if "kept" in step.name]
    assert pushes == [Outcome.DONE, Outcome.UNCHANGED]
    with pytest.raises(UserError, match=f"is {archive.digest} there"):
        push_archives([other], progress, insecure=True)
    served = httpx.get(f"http://{registry}/v2/aigc/kept/manifests/1.0.0").raise_for_status()
    assert served.headers["Docker-Content-Digest"] == archive.digest


@pytest.mark.parametrize("verb", [["up", "local", "--kubeconfig", str(KUBECONFIG)], ["images", "push", "local"]])
def test_without_a_registry_it_is_refused_before_anything_is_built(verb: list[str]) -> None:
    python = Path(PROJECT_ROOT, ".venv", "bin", "python")
    done = subprocess.run(
        [str(python), "-m", "scripts", *verb], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "registry" in done.stderr
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr
