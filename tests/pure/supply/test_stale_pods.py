"""A pod is made anew when its image's content changed under the same tag, and only then."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from scripts.local.images.archive import ImageArchive, Runtime, assemble
from scripts.local.images.layers import Ingredient, ensure_layer
from scripts.local.stale_pods import restart_stale, stale_pods
from scripts.local.workloads import Workloads
from scripts.progress import Outcome, Progress

NOW = "2026-11-24T08:00:00Z"


def image(content: str, reference: str = "dev.local/envoy:1.40.0") -> ImageArchive:
    def stage(folder: Path) -> None:
        (folder / "file").write_text(content)

    layer = ensure_layer(Ingredient(content, (content,), stage))
    return assemble(reference, [layer], Runtime(("/envoy",), {}))


def pod(image_id: str, reference: str = "dev.local/envoy:1.40.0", init: bool = False, ending: bool = False) -> Any:
    container = client.V1Container(name="main", image=reference)
    status = client.V1ContainerStatus(
        name="main", image=reference, image_id=image_id, ready=True, restart_count=0, started=True
    )
    other = client.V1Container(name="other", image="dev.local/other:1")
    spec = client.V1PodSpec(containers=[other] if init else [container], init_containers=[container] if init else None)
    statuses = {"init_container_statuses" if init else "container_statuses": [status]}
    metadata = client.V1ObjectMeta(name="envoy-1", namespace="gateway", deletion_timestamp=NOW if ending else None)
    return client.V1Pod(metadata=metadata, spec=spec, status=client.V1PodStatus(**statuses))


def test_one_tag_with_another_content_is_stale() -> None:
    old, new = image("old"), image("new")
    assert old.reference == new.reference and old.config_digest != new.config_digest
    assert len(stale_pods([pod(old.config_digest)], [new])) == 1
    assert len(stale_pods([pod(old.config_digest, init=True)], [new])) == 1
    assert len(stale_pods([pod(f"dev.local/envoy@{old.digest}")], [new])) == 1


@pytest.mark.parametrize("ending", [True, False])
def test_what_runs_the_content_of_now_stays(ending: bool) -> None:
    old, new = image("old"), image("new")
    fine = [
        pod(new.config_digest),
        pod(f"dev.local/envoy@{new.digest}"),
        pod(""),
        pod(old.config_digest, reference="dev.local/of-somebody-else:1"),
    ]
    assert stale_pods([*fine, *([pod(old.config_digest, ending=True)] if ending else [])], [new]) == []


class FakeCore:
    def __init__(self, pods: list[Any], status: int = 200) -> None:
        self.pods = pods
        self.status = status
        self.deleted: list[tuple[str, str]] = []

    def list_pod_for_all_namespaces(self) -> Any:
        return SimpleNamespace(items=self.pods)

    def delete_namespaced_pod(self, name: str, namespace: str) -> None:
        self.deleted.append((namespace, name))
        if self.status != 200:
            raise ApiException(status=self.status)


def restart(core: FakeCore, archive: ImageArchive, progress: Progress) -> None:
    restart_stale(cast(Workloads, SimpleNamespace(core=core)), [archive], progress)


def test_stale_pods_are_deleted_and_told(progress: Progress) -> None:
    core = FakeCore([pod(image("old").config_digest)])
    restart(core, image("new"), progress)
    assert core.deleted == [("gateway", "envoy-1")]
    assert (progress.steps[-1].outcome, progress.steps[-1].detail) == (Outcome.DONE, "1 made anew")


def test_nothing_is_deleted_when_all_is_as_it_should_be(progress: Progress) -> None:
    core = FakeCore([pod(image("new").config_digest)])
    restart(core, image("new"), progress)
    assert core.deleted == []
    assert progress.steps[-1].outcome is Outcome.UNCHANGED


def test_one_that_went_meanwhile_is_fine_and_any_other_error_is_not(progress: Progress) -> None:
    restart(FakeCore([pod(image("old").config_digest)], status=404), image("new"), progress)
    with pytest.raises(ApiException):
        restart(FakeCore([pod(image("old").config_digest)], status=403), image("new"), progress)
