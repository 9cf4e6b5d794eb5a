from __future__ import annotations

from pathlib import Path

import pytest

from tests.pure.plan.stacks_for_tests import add_model


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "model_repository"
    add_model(folder, "tiny", requires=["core"])
    add_model(folder, "core", endpoint=False)
    batched = "max_batch_size: 4 dynamic_batching { max_queue_delay_microseconds: 5000 } instance_group [{ count: 3 }]"
    add_model(folder, "batched", batched)
    add_model(folder, "huge", memory_mib=200_000)
    add_model(folder, "a_b")
    add_model(folder, "a-b")
    return folder
