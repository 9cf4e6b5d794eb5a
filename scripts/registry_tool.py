"""crane, the one tool that asks and fills registries of ours; it has the credentials of `docker login`."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.faults import fail
from scripts.local.images.archive import ImageArchive

_ABSENT = re.compile(r"MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND|404 Not Found")
"""Error codes of the OCI distribution spec, Harbor's, and an answer without any."""
_REFUSED = re.compile(r"UNAUTHORIZED|DENIED|401 Unauthorized|403 Forbidden")
_WAY_OUT = "check `registry:` and log in to it; the one that a stack makes is there once `pulumi up` has begun"


@dataclass(frozen=True)
class Crane:
    """The tool, and whether its registry speaks plain HTTP."""

    path: Path
    insecure: bool = False

    def digest(self, reference: str) -> str | None:
        """The digest that a tag has in its registry; None where there is none, as far as these credentials see.

        Raises:
            UserError: the registry does not answer.
        """
        done = self._run("digest", reference)
        if not done.returncode:
            return done.stdout.strip()
        reason = _reason(done)
        # Several registries refuse to say whether there is a repository; the push that follows is refused as well,
        # or makes it.
        if _ABSENT.search(reason) or _REFUSED.search(reason):
            return None
        raise fail(reference, f"cannot be asked for: {reason}", _WAY_OUT)

    def push(self, archive: ImageArchive) -> None:
        """Push an image under its reference.

        Raises:
            UserError: the registry does not take it.
        """
        done = self._run("push", str(archive.archive), archive.reference)
        if done.returncode:
            raise fail(archive.reference, f"cannot be pushed: {_reason(done)}", _WAY_OUT)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.path), *arguments, *(["--insecure"] if self.insecure else [])]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
