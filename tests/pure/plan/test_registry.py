"""Which registry a stack makes, and what a plan and a bill say of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc.config.stack_file import parse_stack_file
from aigc.plan.resolve import resolve
from aigc.plan.stack_plan import StackPlan
from aigc.plan.text import render_text
from aigc.plan.validation import stack_file_faults
from tests.pure.plan.stacks_for_tests import aws, azure, existing, gcp, write

ECR = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
ARTIFACT = "us-central1-docker.pkg.dev/aigc-dev"
ACR = "aigcdev.azurecr.io/aigc"


def plan(folder: Path, repository: Path, stack: dict[str, Any]) -> StackPlan:
    return resolve(parse_stack_file(write(folder, stack)), f"{stack['cloud']}-test", repository)


@pytest.mark.parametrize(
    ("stack", "makes"),
    [
        (aws(registry=f"{ECR}/aigc"), ("aigc/envoy", "aigc/triton-tiny")),
        (aws(registry=f"{ECR}/more/folders"), ("more/folders/envoy", "more/folders/triton-tiny")),
        (aws(registry=ECR), ("envoy", "triton-tiny")),
        (aws(registry=f"{ECR.replace('1111', '9999')}/aigc"), None),
        (aws(registry=f"{ECR.replace('us-east-1', 'eu-west-1')}/aigc"), None),
        (gcp(registry=f"{ARTIFACT}/aigc"), ("aigc",)),
        (gcp(registry=f"{ARTIFACT}/aigc/folder"), ("aigc",)),
        (gcp(registry=f"{ARTIFACT.replace('us-central1', 'us')}/aigc"), None),
        (gcp(registry=f"{ARTIFACT}-more/aigc"), None),
        (gcp(registry=ACR), None),
        (azure(registry=ACR, registry_resource_group=None), ("aigcdev",)),
        (azure(registry=ACR), None),
        (azure(registry="registry.example/aigc", registry_resource_group=None), None),
        (existing(registry=f"{ECR}/aigc"), None),
    ],
    ids=lambda value: value["registry"] if isinstance(value, dict) else "",
)
def test_a_stack_makes_the_registry_of_its_own_place(
    tmp_path: Path, repository: Path, stack: dict[str, Any], makes: tuple[str, ...] | None
) -> None:
    asked = {key: value for key, value in stack.items() if value is not None}
    found = plan(tmp_path, repository, asked)
    assert (found.registry.makes if found.registry else None) == makes
    text, not_priced = render_text(found), " ".join(found.cost.not_priced)
    assert ("Registry that the stack makes" in text) is (makes is not None)
    assert any(name in not_priced for name in ("ECR", "Artifact Registry", "container registry")) is (makes is not None)
    if found.registry:
        assert found.registry.address == stack["registry"]
        assert all(image.startswith(stack["registry"]) for image in (found.images["envoy"],))


@pytest.mark.parametrize("address", [ARTIFACT, "us-central1-docker.pkg.dev", f"{ARTIFACT}/9-images", f"{ARTIFACT}/a_b"])
def test_an_address_without_a_repository_is_refused(tmp_path: Path, repository: Path, address: str) -> None:
    (fault,) = stack_file_faults(write(tmp_path, gcp(registry=address)), repository)
    assert "registry" in fault.where and "no repository of Artifact Registry" in fault.problem
    assert "us-central1-docker.pkg.dev/project/images" in fault.way_out
