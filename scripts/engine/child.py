"""One stack, one process: runs the program under our monitor and answers with its graph.

A process of its own, because a Pulumi program leaves traces in whatever runs it: modules, working directory,
arguments, environment. It imports nothing of `aigc`, so that a program of another commit finds its own package.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any, cast

from pulumi.output import Unknown
from pulumi.runtime import run_in_stack, set_all_config
from pulumi.runtime.settings import reset_options

from scripts.engine.monitor import Engine, Monitor
from scripts.engine.program_errors import explain

PARALLEL = 16
THREADS_PER_SLOT = 4  # what Pulumi's own language host gives its executor


class UnknownText(str, Unknown):
    """A secret of a stack file: a text to whoever parses configuration, an unknown value to whoever uses it."""

    def __init__(self, text: str) -> None:
        """Both parents want a constructor of their own; the text is set when the object is made."""
        Unknown.__init__(self)  # type: ignore[no-untyped-call]


def keep_bytecode_of_libraries() -> None:
    """Write bytecode of the virtual environment's modules, never of a program's.

    A cloud's SDK takes 3 s to compile, each time anew if it is not kept. A program that is edited twice within a
    second may keep its size, and Python tells old bytecode by nothing else than size and second.
    """
    write = SourceFileLoader.set_data

    def set_data(self: SourceFileLoader, path: str, data: Any, *, _mode: int = 0o666) -> None:
        if Path(path).is_relative_to(sys.prefix):
            write(self, path, data, _mode=_mode)

    SourceFileLoader.set_data = set_data  # type: ignore[method-assign]


def run_program(request: dict[str, Any]) -> dict[str, Any]:
    """Run it once; the answer holds either a graph or what went wrong."""
    keep_bytecode_of_libraries()
    config = {
        key: value if key not in request["secret_keys"] else UnknownText(value)
        for key, value in request["config"].items()
    }
    monitor = Monitor(request["project"], request["stack"], request["config"], request["live"])
    engine = Engine()
    set_all_config(config, list(request["secret_keys"]))
    reset_options(
        project=request["project"],
        stack=request["stack"],
        root_directory=request["root"],
        organization="organization",
        parallel=PARALLEL,
        preview=request["live"] is None,
        monitor_address=cast(Any, monitor),  # the SDK takes an object in place of an address
        engine_address=cast(Any, engine),
    )
    try:
        _execute(request["main"])
    except BaseException as error:
        return {"error": explain(error, Path(request["root"])), "messages": engine.messages}
    return {"graph": monitor.graph().to_json(), "messages": engine.messages}


def _execute(main: str) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_default_executor(ThreadPoolExecutor(PARALLEL * THREADS_PER_SLOT))
    os.chdir(main)
    sys.argv = [main]

    def program() -> None:
        runpy.run_path(main, run_name="__main__")

    try:
        loop.run_until_complete(run_in_stack(program))
    finally:
        loop.close()
