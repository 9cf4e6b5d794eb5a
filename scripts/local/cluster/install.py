"""Writes everything the host processes read: keys, configuration, command lines; the same input leaves all as it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster import renderings as render
from scripts.local.cluster import supervisor
from scripts.local.cluster.components import components
from scripts.local.cluster.host_config import HostConfig
from scripts.local.cluster.host_facts import Firewall
from scripts.local.cluster.layout import OWNER_VARIABLE, Layout
from scripts.local.cluster.pki import CLIENT_LEAVES
from scripts.local.cluster.started import write_whole

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECRET_MODE = 0o600


@dataclass(frozen=True)
class Tools:
    """Where the binaries lie, and the image of the pause container."""

    bin_dir: Path
    cni_dir: Path
    pause_image: str


def render_all(layout: Layout, host: HostConfig, tools: Tools) -> dict[Path, str]:
    """Every file and its text, from keys that exist already."""
    config = layout.config
    texts = {config / f"{user}.kubeconfig": render.as_yaml(render.kubeconfig(layout, user)) for user in CLIENT_LEAVES}
    environment = {
        OWNER_VARIABLE: str(layout.root),
        "PATH": f"{layout.tool_links}:{tools.bin_dir}:{SYSTEM_PATH}",
        "HOME": str(layout.root),
    }
    texts |= {
        layout.kubeconfig: texts[config / "admin.kubeconfig"],
        config / "kubelet.yaml": render.as_yaml(render.kubelet(layout, host)),
        config / "kube-proxy.yaml": render.as_yaml(render.kube_proxy(layout)),
        config / "containerd.toml": render.containerd(layout, host, tools.bin_dir, tools.cni_dir, tools.pause_image),
        config / "Corefile": render.corefile(layout),
        config / "resolv.conf": "",
        layout.cni / "net.d" / "10-aigc.conflist": json.dumps(render.cni(layout), indent=2),
        layout.supervisor_config: supervisor.render(layout, components(layout, tools.bin_dir), environment),
    }
    for family in ("iptables", "ip6tables"):
        for suffix in ("", "-save", "-restore"):
            texts[layout.tool_links / f"{family}{suffix}"] = _wrapper(tools.bin_dir, family, host.firewall, suffix)
    return texts


def write_all(layout: Layout, texts: dict[Path, str]) -> str:
    """Write what differs, and return the digest of it all."""
    for path, text in texts.items():
        executable = path.parent == layout.tool_links
        write_whole(path, text, 0o755 if executable else SECRET_MODE)
    folders = (
        layout.logs,
        layout.pod_logs,
        layout.kubelet / "volume-plugins",
        layout.containerd_state,
        layout.runc_root,
    )
    for folder in (*folders, layout.containerd_root):
        folder.mkdir(parents=True, exist_ok=True)
    layout.etcd.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    for path, text in sorted(texts.items()):
        digest.update(f"{path}\0{text}\0".encode())
    return digest.hexdigest()


def _wrapper(bin_dir: Path, family: str, flavour: Firewall, suffix: str) -> str:
    return f'#!/bin/sh\nexec {bin_dir / f"{family}-{flavour}{suffix}"} "$@"\n'
