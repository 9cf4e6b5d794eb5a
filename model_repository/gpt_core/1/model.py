"""Runs `model.onnx` on an image without Triton's own ONNX Runtime backend: tensors in, tensors out, nothing else.

On the full image the same folder is served by `backend: "onnxruntime"` and this file is not read (see model.yaml).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime
import triton_python_backend_utils as pb_utils

INPUTS = ("tokens", "past", "filled", "padding")
OUTPUTS = ("logits", "added")


class TritonPythonModel:
    """What Triton starts, once per instance."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the graph with one thread: instances are the parallelism, as on the full image's configuration."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = Path(args["model_repository"]) / args["model_version"] / "model.onnx"
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def execute(self, requests: list[Any]) -> list[Any]:
        """Run the graph once for each request."""
        return [self.answer(request) for request in requests]

    def answer(self, request: Any) -> Any:
        """One request through the graph."""
        feed = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in INPUTS}
        try:
            results = self.session.run(list(OUTPUTS), feed)
        except Exception as broken:
            return pb_utils.InferenceResponse(error=pb_utils.TritonError(str(broken)))
        tensors = [pb_utils.Tensor(name, value) for name, value in zip(OUTPUTS, results, strict=True)]
        return pb_utils.InferenceResponse(output_tensors=tensors)
