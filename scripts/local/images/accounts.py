"""The little that maintainer scripts would have made: accounts, links of a merged /usr, the bundle of certificates."""

from __future__ import annotations

import shutil
from pathlib import Path

from aigc.catalog.faults import fail
from scripts.local.images.files import MERGED, merge_usr

ACCOUNTS = """root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin
"""
GROUPS = "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n"
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
AUTHORITIES = "usr/share/ca-certificates"


def add_accounts(folder: Path) -> None:
    """Users and groups, name resolution, an empty /tmp, and the links that every Debian since 12 has at its root."""
    for name, text in {"passwd": ACCOUNTS, "group": GROUPS, "nsswitch.conf": "hosts: files dns\n"}.items():
        (folder / "etc").mkdir(exist_ok=True)
        (folder / "etc" / name).write_text(text)
    for name in ("tmp", "var/tmp", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "proc", "sys", "dev"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    merge_usr(folder)
    for name in MERGED:
        (folder / name).symlink_to(f"usr/{name}")


def bundle_certificates(folder: Path, layer: str) -> None:
    """Join the authorities into the one file that programs look for; the single files go."""
    found = sorted((folder / AUTHORITIES).rglob("*.crt"))
    if not found:
        raise fail(f"layer {layer}", "ca-certificates holds no certificate", "delete the cache's deb folder")
    bundle = folder / BUNDLE
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text("".join(path.read_text().rstrip() + "\n" for path in found))
    shutil.rmtree(folder / "usr")
