"""Plans of models whose files the stack puts into buckets, on each cloud, and each fault that only they have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aigc.catalog.services import Per, all_services
from aigc.clouds.model_objects import model_objects
from aigc.config.stack_file import parse_stack_file
from aigc.plan.content_hash import content_hash, files_hash
from aigc.plan.price import made_of_services, monthly_cost
from aigc.plan.repository import companions, read_model
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import EndpointPlan, StackPlan
from aigc.plan.text import render_text
from aigc.plan.triton_image import is_runtime
from aigc.plan.validation import stack_file_faults
from scripts.local.images.build import runtime_images
from scripts.preview.placement import placements
from tests.pure.plan.managed_stacks import managed_stack
from tests.pure.plan.stacks_for_tests import SUBSCRIPTION, add_model, aws, azure, existing, gcp, local, write

Stack = Callable[..., dict[str, Any]]
BUCKET = {"kind": "bucket"}
PYTHON = 'backend: "python" max_batch_size: 1'
CLOUDS = {"aws": aws, "gcp": gcp, "azure": azure}


def asking(stack: Stack, name: str = "tiny", **more: Any) -> dict[str, Any]:
    return stack(models={name: {"source": BUCKET} | more})


def planned(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


def only(plan: StackPlan) -> EndpointPlan:
    (endpoint,) = plan.endpoints
    return endpoint


@pytest.mark.parametrize(
    ("cloud", "begins", "driver", "claim"),
    [
        ("aws", "s3://aigc-aws-test-models-111122223333/tiny/", "s3.csi.aws.com", "tiny-files"),
        ("gcp", "gs://aigc-dev-aigc-gcp-test-tiny/tiny/", "gcsfuse.csi.storage.gke.io", None),
        ("azure", "https://aigc", "blob.csi.azure.com", "tiny-files"),
    ],
)
def test_a_plan_says_where_the_files_lie_and_how_they_are_mounted(
    tmp_path: Path, repository: Path, cloud: str, begins: str, driver: str, claim: str | None
) -> None:
    plan = planned(tmp_path, repository, asking(CLOUDS[cloud]))
    source, store = only(plan).source, plan.model_store
    assert store is not None and source.mount is not None and source.uri is not None
    (folder,) = store.folders
    assert source.uri == folder.uri and source.uri.startswith(begins)
    assert source.uri.endswith(f"/tiny/{source.content_hash}/") and folder.prefix == f"tiny/{source.content_hash}/"
    assert (folder.models, folder.files) == (("tiny", "core"), 6)
    assert (source.mount.driver, source.mount.claim, source.mount.folder) == (driver, claim, "tiny/")
    text = render_text(plan)
    assert "Model files\n" in text and f"tiny, core: 6 files, {folder.size_mib:g} MiB, to {folder.uri}" in text
    assert "Model files" not in render_text(planned(tmp_path, repository, CLOUDS[cloud]()))


def test_azure_has_one_account_and_a_container_a_model(tmp_path: Path, repository: Path) -> None:
    store = planned(
        tmp_path, repository, azure(models={"tiny": {"source": BUCKET}, "a-b": {"source": BUCKET}})
    ).model_store
    assert store is not None and store.account is not None
    assert store.buckets == ("models-tiny", "models-a-b")
    assert len(store.account) == 24 and store.account.isalnum() and store.account.islower()
    other = azure(subscription=SUBSCRIPTION.replace("1", "9"), models={"tiny": {"source": BUCKET}})
    elsewhere = planned(tmp_path, repository, other).model_store
    assert elsewhere is not None and elsewhere.account != store.account, "the name is the whole world's"


def test_the_hash_is_that_of_the_files_alone_and_of_all_of_them(tmp_path: Path, repository: Path) -> None:
    before = only(planned(tmp_path, repository, asking(aws))).source.content_hash
    assert before == content_hash(repository, ("tiny", "core"), {}), "another image reads the same folder"
    (repository / "core" / "1" / "model.py").write_text("# another\n")
    assert only(planned(tmp_path, repository, asking(aws))).source.content_hash != before


@pytest.mark.parametrize(
    ("mode", "cloud", "feature"),
    [
        ("knative", "aws", {"kubernetes.podspec-persistent-volume-claim"}),
        ("knative", "gcp", {"kubernetes.podspec-volumes-csi"}),
        ("knative", "azure", {"kubernetes.podspec-persistent-volume-claim"}),
        ("steady", "aws", set()),
    ],
)
def test_knative_is_told_of_the_volume_that_its_pods_have(
    tmp_path: Path, repository: Path, mode: str, cloud: str, feature: set[str]
) -> None:
    without = planned(tmp_path, repository, CLOUDS[cloud](models={"tiny": {"mode": mode}})).knative_features
    features = planned(tmp_path, repository, asking(CLOUDS[cloud], mode=mode)).knative_features
    assert set(features) - set(without) == feature


@pytest.mark.parametrize(
    ("config", "imports", "ours"),
    [
        (None, "import torch\n", False),
        (PYTHON, "import json, numpy, triton_python_backend_utils\n", False),
        (PYTHON, "import onnxruntime\nimport numpy\n", True),
    ],
)
def test_the_image_is_tritons_own_unless_python_needs_more(
    tmp_path: Path, repository: Path, config: str | None, imports: str, ours: bool
) -> None:
    folder = add_model(repository, "own", config)
    (folder / "1" / "model.py").write_text(imports)
    plan = planned(tmp_path, repository, asking(aws, "own"))
    image = only(plan).source.image
    assert is_runtime(image) is ours and image.startswith("registry.example/aigc/triton:") is ours
    assert image.startswith("nvcr.io/nvidia/tritonserver:") is not ours
    assert runtime_images(plan.endpoints) == ([image] if ours else []), "what `images push` makes"


def test_a_baked_model_is_what_it_was_beside_one_from_a_bucket(tmp_path: Path, repository: Path) -> None:
    alone = only(planned(tmp_path, repository, aws()))
    both = planned(tmp_path, repository, aws(models={"tiny": {}, "batched": {"source": BUCKET}}))
    assert both.endpoints[0] == alone and both.endpoints[1].source.mount is not None
    assert alone.source.mount is None and runtime_images([alone]) == []


def test_the_container_that_mounts_is_counted_where_it_is_in_the_pod(tmp_path: Path, repository: Path) -> None:
    pools = {"platform": {"machine_type": "t2d-standard-8", "min_nodes": 1}}
    room = placements(planned(tmp_path, repository, gcp(pools=pools)))[0].allocatable_cpu_millicores
    assert room is not None
    tight = {"resources": {"cpu_millicores": room - 150}}
    assert stack_file_faults(write(tmp_path, gcp(pools=pools, models={"tiny": tight})), repository) == []
    mounted = gcp(pools=pools, models={"tiny": tight | {"source": BUCKET}})
    (fault,) = stack_file_faults(write(tmp_path, mounted), repository)
    assert fault.where.endswith("resources.cpu_millicores") and f"a pod needs {room + 250}" in fault.problem
    plain, bucket = (placements(planned(tmp_path, repository, stack))[0] for stack in (gcp(), asking(gcp)))
    assert (bucket.cpu_millicores - plain.cpu_millicores, bucket.memory_mib - plain.memory_mib) == (250, 256)


FAULTS: list[tuple[dict[str, Any], str, str, str]] = [
    (asking(existing), "tiny.source.kind", "cloud existing has none", "use kind: baked"),
    (asking(local), "tiny.source.kind", "cloud local has none", "use kind: baked"),
    (asking(aws, source=BUCKET | {"uri": "s3://mine/x/"}), "tiny.source.uri", "somebody's bucket", "remove it"),
    (asking(gcp, source=BUCKET | {"uri": "gs://mine/x/"}), "tiny.source.uri", "somebody's bucket", "remove it"),
    (asking(azure, "two__lines"), "models.two__lines", "no two hyphens in a row", "rename the folder"),
    (asking(aws, "wants_torch"), "source.kind", "wants_torch needs torch", "backend of Triton's own"),
    (asking(aws, "mixed"), "source.kind", "engine needs tensorrt", "backend of Triton's own"),
]


@pytest.mark.parametrize(("stack", "where", "problem", "way_out"), FAULTS)
def test_what_no_pod_could_start_with_is_refused(
    tmp_path: Path, repository: Path, stack: dict[str, Any], where: str, problem: str, way_out: str
) -> None:
    add_model(repository, "two__lines")
    (add_model(repository, "wants_torch", PYTHON) / "1" / "model.py").write_text("import torch\n")
    add_model(repository, "engine", 'backend: "tensorrt" max_batch_size: 1', endpoint=False)
    mixed = add_model(repository, "mixed", PYTHON, requires=["engine"])
    (mixed / "1" / "model.py").write_text("import onnxruntime\n")
    (fault,) = stack_file_faults(write(tmp_path, stack), repository)
    assert fault.where.endswith(where) and problem in fault.problem and way_out in fault.way_out
    assert stack_file_faults(write(tmp_path, asking(aws, "two__lines")), repository) == [], "a key of S3 may have them"


def test_the_folder_of_a_managed_endpoint_is_filled_unless_it_is_somebodys(tmp_path: Path, repository: Path) -> None:
    plan = planned(tmp_path, repository, managed_stack(repository, source=BUCKET))
    (made,), store = plan.managed_endpoints, plan.model_store
    assert store is not None and [folder.endpoint for folder in store.folders] == ["batched"]
    assert made.uri == store.folders[0].uri and made.uri.endswith(f"/batched/{made.content_hash}/")
    assert planned(tmp_path, repository, managed_stack(repository)).model_store is None


@pytest.mark.parametrize("cloud", CLOUDS)
def test_storage_is_priced_or_said_not_to_be(tmp_path: Path, repository: Path, cloud: str) -> None:
    (row,) = [one for one in all_services() if one.per is Per.STORED_GIB and one.cloud == cloud]
    spec = parse_stack_file(write(tmp_path, asking(CLOUDS[cloud])))
    plan = planned(tmp_path, repository, asking(CLOUDS[cloud]))
    assert plan.model_store is not None
    (folder,) = plan.model_store.folders
    hundred_gib = plan.model_store.model_copy(update={"folders": (folder.model_copy(update={"size_mib": 102400.0}),)})
    cost = monthly_cost(spec, plan.pools, plan.endpoints, made_of_services(plan.cluster, hundred_gib))
    found = [item.floor.usd_per_month_low for item in cost.items if item.name == row.name]
    if row.usd is None:
        assert found == [] and row.name in cost.not_priced
    else:
        monthly = row.usd_per_month(row.region)
        assert monthly is not None and found == [round(100 * monthly, 2)]
        assert f"requests for {row.name}" in cost.not_priced
    without = planned(tmp_path, repository, CLOUDS[cloud]()).cost
    assert not any(row.name in text for text in (*without.not_priced, *(item.name for item in without.items)))


def test_objects_are_named_by_their_hash_and_their_files_from_the_program(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "tiny" / "1" / "linked.py").symlink_to("../../core/1/model.py")
    plan = planned(tmp_path, repository, asking(aws))
    assert plan.model_store is not None
    (folder,) = plan.model_store.folders
    objects = list(model_objects(folder, tmp_path))
    prefix = f"tiny/{folder.content_hash}/"
    assert [one.key.removeprefix(prefix) for one in objects] == [
        "tiny/1/linked.py", "tiny/1/model.py", "tiny/config.pbtxt", "tiny/model.yaml",
        "core/1/model.py", "core/config.pbtxt", "core/model.yaml",
    ]  # fmt: skip
    assert objects[0].path == "../model_repository/tiny/1/linked.py"
    monkeypatch.chdir("/")
    assert list(model_objects(folder, tmp_path)) == objects
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "infra")
    assert all(Path(one.path).is_file() for one in objects), "both engines start the program there"


def test_the_hash_of_the_folder_is_that_of_what_is_put_into_it(tmp_path: Path, repository: Path) -> None:
    model, faults = read_model(repository, "tiny")
    assert model is not None and faults == []
    plan = planned(tmp_path, repository, asking(aws))
    assert only(plan).source.content_hash == files_hash(repository, companions(repository, model)[0])
