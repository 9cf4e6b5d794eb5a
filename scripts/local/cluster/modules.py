"""Kernel modules that pods need: loaded when they are not there, unloaded by `down` when it was us who loaded them."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

BRIDGE_NETFILTER = "br_netfilter"
NEEDED = ("overlay", BRIDGE_NETFILTER)
SYS_MODULE = Path("/sys/module")


def present(name: str) -> bool:
    """Whether the kernel has it, loaded or built in."""
    if name == "overlay":
        return any(line.split()[-1:] == [name] for line in Path("/proc/filesystems").read_text().splitlines())
    if name == BRIDGE_NETFILTER:
        return Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists()
    return (SYS_MODULE / name).is_dir()


def loadable(name: str) -> bool:
    """Whether a module of the running kernel has that name."""
    listing = Path("/lib/modules") / platform.release() / "modules.dep"
    try:
        return f"/{name}.ko" in listing.read_text()
    except OSError:
        return False


def absent() -> tuple[str, ...]:
    """Of the needed ones, those that are not there now."""
    return tuple(name for name in NEEDED if not present(name))


def load_missing() -> None:
    """Load what is missing; a module that cannot be loaded shows in the host's facts afterwards."""
    _modprobe(absent())


def unload(names: Iterable[str]) -> None:
    """Unload what we loaded; the kernel refuses while somebody uses it, which is right."""
    _modprobe(names, "--remove")


def _modprobe(names: Iterable[str], *options: str) -> None:
    modprobe = shutil.which("modprobe", path="/usr/sbin:/sbin:/usr/bin:/bin")
    for name in names:
        if modprobe is not None and (options == () or (SYS_MODULE / name).is_dir()):
            subprocess.run([modprobe, *options, name], capture_output=True, check=False)
