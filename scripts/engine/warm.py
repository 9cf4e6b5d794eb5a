"""Processes that have the libraries of a program loaded, kept for further runs of stacks that want the same ones."""

from __future__ import annotations

import atexit
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ENGINE_ROOT = Path(__file__).resolve().parents[2]
KEPT_PROCESSES = 4
"""One per cloud and one without; each holds 0.2 to 0.4 GiB."""
_IMPORT = re.compile(r"^(?:from ([\w.]+) import (?:\([^)]*\)|[^\n(]+)|import ([\w.]+)[^\n]*)", re.MULTILINE)


def library_imports(main: Path, cloud: str | None) -> tuple[str, ...]:
    """Import statements of a program that are neither its own nor Python's, without those of other clouds.

    Args:
        main: folder of `__main__.py`.
        cloud: whose folder of `clouds/` the stack will load; no other one is looked at.
    """
    own = {path.parent.name for path in main.glob("*/__init__.py")}
    files = [main / "__main__.py", *(path for name in own for path in sorted((main / name).rglob("*.py")))]
    others = {folder for folder in main.glob("*/clouds/*") if folder.is_dir() and folder.name != cloud}
    statements = {
        found[0]: None
        for path in files
        if path.is_file() and others.isdisjoint(path.parents)
        for found in _IMPORT.finditer(path.read_text(encoding="utf-8"))
        if (found[1] or found[2]).partition(".")[0] not in own | sys.stdlib_module_names
    }
    return tuple(statements)


class WarmProcess:
    """A process with these libraries loaded, which forks itself for each run."""

    def __init__(self, imports: Iterable[str], environment: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aigc-engine-")
        self._address = str(Path(self._folder.name) / "socket")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._address)
        listening.listen()
        start_file = Path(self._folder.name) / "start.json"
        start_file.write_text(json.dumps({"imports": list(imports), "engine_root": str(ENGINE_ROOT)}))
        with listening, start_file.open() as start, (Path(self._folder.name) / "log").open("w") as log:
            descriptor = listening.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scripts.engine.server", str(descriptor), self._folder.name],
                stdin=start,
                stdout=log,
                stderr=log,
                cwd=ENGINE_ROOT,
                env=dict(environment),
                pass_fds=[descriptor],
            )

    def run(self, request: Mapping[str, Any], limit_seconds: int) -> tuple[dict[str, Any] | None, str]:
        """The answer, None if there was none; and what the run has printed."""
        with tempfile.TemporaryDirectory(dir=self._folder.name) as folder:
            log = Path(folder) / "log"
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(self._address)
                connection.sendall(json.dumps({**request, "log": str(log), "limit_seconds": limit_seconds}).encode())
                connection.shutdown(socket.SHUT_WR)
                with connection.makefile("rb") as answer:
                    text = answer.read()
            printed = log.read_text(errors="replace") if log.exists() else self._own_log()
        return (json.loads(text) if text else None), printed

    def end(self) -> None:
        """End it and remove its files; whatever runs in its forks ends by itself."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _own_log(self) -> str:
        return (Path(self._folder.name) / "log").read_text(errors="replace")


class WarmProcesses:
    """The processes there are, the one used last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, ...], WarmProcess] = OrderedDict()
        self._runs: Counter[tuple[str, ...]] = Counter()
        atexit.register(self.end)

    def run(
        self, imports: tuple[str, ...], request: Mapping[str, Any], limit_seconds: int
    ) -> tuple[dict[str, Any] | None, str]:
        """Run a request where these libraries are loaded, or will be."""
        with self._lock:
            process = self._kept.pop(imports, None) or WarmProcess(imports, request["environment"])
            self._kept[imports] = process
            self._runs[imports] += 1
            self._end_oldest()
        try:
            return process.run(request, limit_seconds)
        finally:
            with self._lock:
                self._runs[imports] -= 1

    def _end_oldest(self) -> None:
        idle = [imports for imports in self._kept if not self._runs[imports]]
        for imports in idle[: max(0, len(self._kept) - KEPT_PROCESSES)]:
            self._kept.pop(imports).end()

    def end(self) -> None:
        """End all; a further run starts new ones."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].end()
