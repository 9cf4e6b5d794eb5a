"""Where the sources of Go modules are."""

from __future__ import annotations

import json
from pathlib import Path

from scripts.local.supply.pins import GoGroup
from scripts.local.supply.process import run
from scripts.local.supply.toolchain import Go


def module_folders(group: GoGroup, modules: list[str], go: Go) -> dict[str, Path]:
    """Module -> its folder in the module cache, downloaded when it is not there."""
    text = run(
        [go.binary, "mod", "download", "-json", *modules],
        f"Go modules {' '.join(modules)}",
        "check that the Go module proxy can be reached (`go env GOPROXY`), then run the same command again",
        env=go.environment(),
        cwd=group.directory,
    )
    decoder, folders, position = json.JSONDecoder(), dict[str, Path](), 0
    while position < len(text.rstrip()):
        entry, position = decoder.raw_decode(text, position)
        folders[entry["Path"]] = Path(entry["Dir"])
        position += len(text[position:]) - len(text[position:].lstrip())
    return folders
