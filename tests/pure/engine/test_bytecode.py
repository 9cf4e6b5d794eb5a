"""Bytecode of libraries is kept, that of programs is not: an edit within a second must be seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aigc.config.stacks import PROJECT_ROOT

SCRIPT = """\
import sys
from scripts.engine.child import keep_bytecode_of_libraries
keep_bytecode_of_libraries()
sys.prefix = sys.argv[1]
sys.path[:0] = sys.argv[1:]
import of_a_library, of_a_program
"""


def test_only_bytecode_of_libraries_is_written(tmp_path: Path) -> None:
    library, program = tmp_path / "environment", tmp_path / "program"
    for folder, name in ((library, "of_a_library"), (program, "of_a_program")):
        folder.mkdir()
        (folder / f"{name}.py").write_text("x = 1\n")
    command = [sys.executable, "-c", SCRIPT, str(library), str(program)]
    subprocess.run(command, cwd=PROJECT_ROOT, env={"PATH": ""}, check=True)
    assert len(list(library.rglob("*.pyc"))) == 1
    assert not list(program.rglob("*.pyc"))
