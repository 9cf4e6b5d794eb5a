"""Where built tools and running state live, known in one place so that nothing is left elsewhere on the host."""

from __future__ import annotations

import os
from pathlib import Path

STATE_DIR = Path("/var/lib/aigc")
"""Everything a running local cluster writes; a fixed path because containerd's sockets must stay under 108 bytes."""

KUBECONFIG = STATE_DIR / "kubeconfig"


def cache_dir() -> Path:
    """The folder of everything that was built or downloaded, keyed by pins; safe to delete at any time."""
    return Path(os.environ.get("AIGC_CACHE_DIR") or Path.home() / ".cache" / "aigc")


def manifest_path(component: str, version: str) -> Path:
    """The YAML of a platform component as `scripts cluster manifests` extracts it from its Go module."""
    return cache_dir() / "manifests" / f"{component}-{version}.yaml"
