"""Writes the trained weights as `gpt_core/1/model.onnx` and what is to be known of them as `gpt_core/weights.yaml`.

The facts are a file of their own because a program writes them; `model.yaml` beside it is written by people.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import yaml

from scripts.model import corpus
from scripts.model.graph import build_graph
from scripts.model.shape import SHAPE

CORE_FOLDER = Path("model_repository") / "gpt_core"
HEADING = "# Written by `python -m scripts.model.export`; a test holds it to the file beside it.\n"


def main() -> None:
    """Read weights.npz and training.json, write the graph and its facts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="the folder scripts.model.train wrote to")
    parser.add_argument("--repository", type=Path, default=Path.cwd(), help="root of the checkout")
    options = parser.parse_args()
    with np.load(options.work / "weights.npz") as weights:
        model = build_graph(dict(weights), SHAPE)
        parameters = sum(int(value.size) for value in weights.values())
    data = model.SerializeToString(deterministic=True)
    folder = options.repository / CORE_FOLDER
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.onnx").write_bytes(data)
    facts = {
        "file": "1/model.onnx",
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": parameters,
        "training": json.loads((options.work / "training.json").read_text("utf-8")),
        "corpus": {
            "debian_package": corpus.PACKAGE,
            "version": corpus.PACKAGE_VERSION,
            "sha256": corpus.PACKAGE_SHA256,
            "license": corpus.PACKAGE_LICENSE,
            "part": f"paragraphs of {corpus.HTML_FOLDER}, every {corpus.HELD_OUT_EVERY}th held out",
        },
    }
    (folder / "weights.yaml").write_text(HEADING + yaml.safe_dump(facts, sort_keys=False, width=120), "utf-8")
    print(yaml.safe_dump(facts, sort_keys=False))  # noqa: T201


if __name__ == "__main__":
    main()
