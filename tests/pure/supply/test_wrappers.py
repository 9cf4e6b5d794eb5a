"""Programs of unpacked packages run with their own libraries; the firewall flavour is the kernel's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.local.supply.debian import Unpacked
from scripts.local.supply.host_tools import gather
from scripts.local.supply.wrappers import Flavour, firewall_flavour, wrappers


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "usr" / "sbin").mkdir(parents=True)
    (root / "usr" / "lib" / "x86_64-linux-gnu" / "xtables").mkdir(parents=True)
    names = [f"{f}-{k}{a}" for f in ("iptables", "ip6tables") for k in Flavour for a in ("", "-save", "-restore")]
    for name in [*names, "runc"]:
        (root / "usr" / "sbin" / name).write_text('#!/bin/sh\necho "$0|$LD_LIBRARY_PATH|$XTABLES_LIBDIR|$*"\n')
        (root / "usr" / "sbin" / name).chmod(0o755)
    return root


@pytest.mark.parametrize("flavour", list(Flavour))
def test_iptables_means_the_chosen_flavour_and_both_stay_reachable(
    root: Path, tmp_path: Path, flavour: Flavour
) -> None:
    tools, made = gather(Unpacked(root, {"iptables": "1"}), [], tmp_path, flavour)
    assert made
    said = subprocess.run([tools.bin_dir / "ip6tables-save", "-t", "nat"], capture_output=True, text=True, check=True)
    program, libraries, xtables, arguments = said.stdout.strip().split("|")
    assert program == f"{root}/usr/sbin/ip6tables-{flavour}-save"
    assert libraries == f"{root}/usr/lib/x86_64-linux-gnu"
    assert xtables == f"{root}/usr/lib/x86_64-linux-gnu/xtables"
    assert arguments == "-t nat"
    for known in Flavour:
        assert (tools.bin_dir / f"iptables-{known}").exists()


def test_programs_that_are_not_in_the_packages_get_no_wrapper(root: Path) -> None:
    assert "nsenter" not in wrappers(root, Flavour.NFT)
    assert "runc" in wrappers(root, Flavour.NFT)


def test_built_programs_and_plugins_lie_apart(root: Path, tmp_path: Path) -> None:
    for folder, name in (("kubernetes", "kubelet"), ("cni", "bridge")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(name)
    tools, _ = gather(Unpacked(root, {}), [tmp_path / "kubernetes"], tmp_path / "cni", Flavour.NFT)
    assert (tools.bin_dir / "kubelet").read_text() == "kubelet"
    assert [path.name for path in tools.cni_dir.iterdir()] == ["bridge"]
    assert gather(Unpacked(root, {}), [tmp_path / "kubernetes"], tmp_path / "cni", Flavour.NFT) == (tools, False)


@pytest.mark.parametrize(("works", "flavour"), [({"nft", "legacy"}, "nft"), ({"legacy"}, "legacy"), (set(), None)])
def test_the_flavour_is_one_that_the_kernel_can_do(
    root: Path, monkeypatch: pytest.MonkeyPatch, works: set[str], flavour: str | None
) -> None:
    def probe(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:2] == ["unshare", "--net"], "the host's own rules may not be touched"
        code = 0 if command[2].rpartition("-")[2] in works else 3
        return subprocess.CompletedProcess(command, code, "", "can't initialize table `nat'")

    monkeypatch.setattr(subprocess, "run", probe)
    if flavour:
        assert firewall_flavour(root) == flavour
        return
    with pytest.raises(UserError, match=r"can't initialize table .*modprobe"):
        firewall_flavour(root)
