"""The way into a fleet's namespaces, and what is done first in them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

UNSHARE = ("unshare", "--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")
"""`--kill-child`: whoever ends this process ends everything in its process namespace."""


def run_inside(module: str, arguments: Sequence[str] = (), seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a module of ours as the first process of its namespaces; its first argument is an empty folder of its own."""
    with tempfile.TemporaryDirectory(prefix="aigc-fleet-") as folder:
        command = [*UNSHARE, sys.executable, "-m", module, folder, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)


def mount_root(folder: Path) -> None:
    """Memory in the place of the folder, which the mount namespace takes with it."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0700", "fleet", str(folder)], check=True, capture_output=True)
