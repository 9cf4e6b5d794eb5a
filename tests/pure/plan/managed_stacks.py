"""Stacks on aws with a model on SageMaker beside one on the cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aigc.plan.content_hash import files_hash
from aigc.plan.repository import companions, read_model
from tests.pure.plan.stacks_for_tests import aws


def managed_uri(repository: Path, model: str = "batched") -> str:
    """Where a bucket has exactly the files that the model and those it requires have now."""
    found, faults = read_model(repository, model)
    assert found is not None, faults
    return f"s3://models/{model}/{files_hash(repository, companions(repository, found)[0])}/"


def managed_stack(repository: Path, model: str = "batched", **more: Any) -> dict[str, Any]:
    """A sound stack; `more` goes into the model of mode managed."""
    asked = {
        "mode": "managed",
        "managed": {"machine_type": "ml.g6.xlarge"},
        "source": {"kind": "bucket", "uri": managed_uri(repository, model)},
    }
    models = {"tiny": {}, model: {key: value for key, value in (asked | more).items() if value is not None}}
    return aws(models=models)


SCALED: dict[str, Any] = {
    "replicas": {"min": 1, "max": 4},
    "managed": {"machine_type": "ml.g6.xlarge", "requests_per_minute": 600.0},
}
