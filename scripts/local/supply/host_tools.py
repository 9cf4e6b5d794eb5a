"""Everything that runs on the host itself, gathered into one folder of programs and one of CNI plugins."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.cache import cache_dir
from scripts.local.supply.debian import Request, Unpacked, ensure_debian
from scripts.local.supply.go_build import ensure_group
from scripts.local.supply.pins import debian_if_missing, debian_request
from scripts.local.supply.store import content_key, ensure_entry
from scripts.local.supply.wrappers import Flavour, firewall_flavour, wrappers
from scripts.progress import Outcome, Progress

HOST_GROUPS = ("kubernetes", "containerd", "coredns")
CNI_GROUP = "cni"


@dataclass(frozen=True)
class HostTools:
    """Where the programs of the node are; `bin_dir` goes first on the PATH of everything that the cluster starts."""

    bin_dir: Path
    cni_dir: Path


def ensure_host_tools(progress: Progress) -> HostTools:
    """Download and build what runs on the host, each piece once; a second call only looks."""
    debian = ensure_debian("host programs", host_request(), progress)
    groups = [ensure_group(name, progress) for name in HOST_GROUPS]
    cni = ensure_group(CNI_GROUP, progress)
    with progress.step("host tools") as step:
        flavour = firewall_flavour(debian.root)
        tools, made = gather(debian, groups, cni, flavour)
        step.outcome = Outcome.BUILT if made else Outcome.CACHED
        step.detail = f"iptables-{flavour}"
    return tools


def host_request() -> Request:
    """The Debian packages of the host, with those that a cut-down host lacks."""
    request = debian_request("host")
    lacking = [package for program, package in debian_if_missing("host").items() if shutil.which(program) is None]
    return Request((*request.packages, *lacking), request.never)


def gather(debian: Unpacked, groups: list[Path], cni: Path, flavour: Flavour) -> tuple[HostTools, bool]:
    """One folder per combination: links to the built programs and wrappers for the unpacked ones."""
    scripts = wrappers(debian.root, flavour)
    home = cache_dir() / "host-tools" / content_key([*map(str, groups), str(cni), *scripts.values()])

    def fill(partial: Path) -> None:
        for folder, sources in (("bin", groups), ("cni", [cni])):
            (partial / folder).mkdir()
            for binary in (path for source in sources for path in source.iterdir()):
                (partial / folder / binary.name).symlink_to(binary)
        for name, text in scripts.items():
            (partial / "bin" / name).write_text(text)
            (partial / "bin" / name).chmod(0o755)

    made = ensure_entry(home, fill)
    return HostTools(home / "bin", home / "cni"), made
