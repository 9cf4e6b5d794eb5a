"""Programs out of unpacked Debian packages: a two-line script each, which tells them where their libraries lie.

LD_LIBRARY_PATH and not `ld.so --library-path`, because runc starts itself again through /proc/self/exe.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from enum import StrEnum
from pathlib import Path

from aigc.catalog.faults import fail

PROGRAM_FOLDERS = ("usr/sbin", "usr/bin", "sbin", "bin")
PROGRAMS = ("etcd", "runc", "conntrack", "ip", "bridge", "tc", "ethtool", "nsenter", "mount", "umount")
"""Names looked for in the packages; those of `if_missing` are only there on a host without them."""


class Flavour(StrEnum):
    """The two firewalls of the kernel that one iptables command can mean."""

    NFT = "nft"
    LEGACY = "legacy"


PROBE = (
    *("-t", "nat", "-A", "POSTROUTING", "-m", "comment", "--comment", "probe", "-m", "statistic", "--mode", "random"),
    *("--probability", "0.5", "-m", "mark", "--mark", "0x4000/0x4000", "-j", "MASQUERADE", "--random-fully"),
)
"""A rule with every match and target that kube-proxy writes: a kernel may know nft and yet lack one of them."""


def firewall_flavour(root: Path) -> Flavour:
    """The flavour that this kernel can do, tried in a network namespace of its own so that no rule of the host moves.

    nft comes first: it is Debian's default, so what else runs on the host most likely uses it as well.
    """
    problems = []
    for flavour in Flavour:
        command = [_find(root, f"iptables-{flavour}"), *PROBE]
        env = os.environ | _environment(root)
        done = subprocess.run(
            ["unshare", "--net", *map(str, command)], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return flavour
        problems.append(f"iptables-{flavour}: {done.stderr.strip()}")
    raise fail(
        "the kernel's firewall",
        "neither flavour of iptables can write a rule of kube-proxy: " + "; ".join(problems),
        "load the modules nf_tables and xt_MASQUERADE (modprobe), or use a cluster of your own: --kubeconfig FILE",
    )


def wrappers(root: Path, flavour: Flavour) -> dict[str, str]:
    """Name -> script, for every program of the host packages."""
    found = {name: _find(root, name) for name in PROGRAMS if _exists(root, name)}
    for family in ("iptables", "ip6tables"):
        for action in ("", "-save", "-restore"):
            for known in Flavour:
                found[f"{family}-{known}{action}"] = _find(root, f"{family}-{known}{action}")
            found[f"{family}{action}"] = _find(root, f"{family}-{flavour}{action}")
    settings = " ".join(f"{name}='{value}'" for name, value in _environment(root).items())
    return {name: f"#!/bin/sh\nexport {settings}\nexec '{target}' \"$@\"\n" for name, target in sorted(found.items())}


def _environment(root: Path) -> dict[str, str]:
    folders = [folder for base in ("usr/lib", "lib") for folder in sorted((root / base).glob("*-linux-gnu"))]
    xtables = next((folder / "xtables" for folder in folders if (folder / "xtables").is_dir()), root)
    return {"LD_LIBRARY_PATH": ":".join(map(str, folders)), "XTABLES_LIBDIR": str(xtables)}


def _exists(root: Path, name: str) -> bool:
    return any((root / folder / name).exists() for folder in PROGRAM_FOLDERS)


def _find(root: Path, name: str) -> Path:
    for folder in PROGRAM_FOLDERS:
        if (root / folder / name).exists():
            return root / folder / name
    raise fail(
        f"program {name}",
        f"it is not in the unpacked Debian packages at {root}",
        f"delete {root.parent} and run the same command again" if shutil.which("apt-get") else "use Debian 12 or newer",
    )
