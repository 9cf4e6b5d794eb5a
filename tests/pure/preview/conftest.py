from __future__ import annotations

from pathlib import Path

import pytest

from tests.pure.plan.stacks_for_tests import add_model


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "model_repository"
    for name in ("tiny", "batched"):
        add_model(folder, name)
    return folder
