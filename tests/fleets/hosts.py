"""Names of Services in a fleet, which has no DNS server: a hosts file of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path


class Hosts:
    """What this mount namespace has in the place of the host's `/etc/hosts`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text("127.0.0.1 localhost\n")
        subprocess.run(["mount", "--bind", path, "/etc/hosts"], check=True, capture_output=True)

    def lead(self, names: Iterable[str], address: str) -> None:
        """From now on these names lead to an address."""
        # Written into the same file: another one of that name would not be the mounted one.
        with self._path.open("a") as file:
            file.writelines(f"{address} {name}\n" for name in names)
