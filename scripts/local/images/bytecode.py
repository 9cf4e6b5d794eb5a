"""Compiled Python beside the sources: a pod runs as a user that cannot write there, so each start would compile anew.

Compiling at build time takes 2 s off every cold start of Triton; `unchecked-hash`, as files in a layer have no time.
"""

from __future__ import annotations

import os
from pathlib import Path

from scripts.local.supply.process import run


def add_bytecode(folder: Path, path: str, python_root: Path, python: str) -> None:
    """Compile everything below `folder/path` with the image's own Python, run from its unpacked packages."""
    libraries = [
        str(found) for base in ("usr/lib", "lib") for found in sorted((python_root / base).glob("*-linux-gnu"))
    ]
    environment = {
        "PATH": os.defpath,
        "LD_LIBRARY_PATH": ":".join(libraries),
        "PYTHONHOME": str(python_root / "usr"),
        # A fixed seed: the order of constants in a set, and with it the bytes, would change from run to run.
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    interpreter = python_root / "usr" / "bin" / f"python{python}"
    options = ["-q", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/"]
    run(
        [interpreter, "-m", "compileall", *options, folder / path],
        f"bytecode of {path}",
        f"delete {python_root.parent} and run the same command again",
        env=environment,
        accepted=(0, 1),  # 1: some file is not valid Python (numpy and lib2to3 keep such on purpose)
    )
