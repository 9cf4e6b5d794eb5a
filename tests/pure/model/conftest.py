"""The model's own files, loaded the way Triton loads them: by path, not as a package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped,unused-ignore]
import pytest

REPOSITORY = Path(__file__).resolve().parents[3] / "model_repository"
GRAPH = REPOSITORY / "gpt_core" / "1" / "model.onnx"
Array = np.ndarray[Any, Any]


def load(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def decode() -> ModuleType:
    return load(REPOSITORY / "gpt" / "1" / "decode.py", "decode")


class Core:
    """gpt_core without Triton; counts its calls."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(GRAPH), options, providers=["CPUExecutionProvider"])
        self.batches: list[int] = []

    def __call__(self, tokens: Array, past: Array, filled: Array, padding: Array) -> tuple[Array, Array]:
        self.batches.append(len(tokens))
        assert past.flags.c_contiguous, "Triton's tensors take contiguous arrays only"
        feed = {"tokens": tokens, "past": past, "filled": filled, "padding": padding}
        logits, added = self.session.run(["logits", "added"], feed)
        return logits, added


@pytest.fixture
def core() -> Core:
    return Core()
