"""What a TPU VM does at each start: fetch its files, pull one image, run one container; pure.

The runtime's images have Docker (Cloud TPU, 'TPU software versions') and gcloud, as a snap. A container sees the chips
only where it is privileged and in the host's network (Cloud TPU, 'Run TPU workloads in a Docker container').
"""

from __future__ import annotations

import shlex

from aigc.clouds.gcp.rights import repositories
from aigc.plan.stack_plan import TpuVmPlan

CONTAINER = "aigc"
_FILES = "/var/lib/aigc/files"
_TOKEN_ADDRESS = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105
_TOKEN = f"""curl -fsS -H 'Metadata-Flavor: Google' {_TOKEN_ADDRESS} \\
  | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])' \\"""
"""A short one of the machine's own account: nothing that lasts is written down."""


def startup_script(vm: TpuVmPlan) -> str:
    """A script of bash that may run any number of times: the machine starts it after each boot."""
    return "\n".join(["#!/bin/bash", "set -euo pipefail", *_files(vm), *_login(vm), *_run(vm)]) + "\n"


def _files(vm: TpuVmPlan) -> list[str]:
    if vm.files is None:
        return []
    # The path of a startup script leaves out the snaps.
    return [
        "export PATH=$PATH:/snap/bin",
        f"mkdir -p {_FILES}",
        f"gcloud storage rsync --recursive --delete-unmatched-destination-objects {shlex.quote(vm.files)} {_FILES}",
    ]


def _login(vm: TpuVmPlan) -> list[str]:
    """To Artifact Registry, where the image is there; another registry is asked as anybody."""
    return [
        f"{_TOKEN}\n  | docker login -u oauth2accesstoken --password-stdin https://{one.location}-docker.pkg.dev"
        for one in repositories((vm.image,))
    ]


def _run(vm: TpuVmPlan) -> list[str]:
    options = ["--detach", f"--name {CONTAINER}", "--restart always", "--privileged", "--network host"]
    if vm.files:
        options.append(f"--volume {_FILES}:/files:ro")
    return [
        f"docker pull {shlex.quote(vm.image)}",
        f"docker rm --force {CONTAINER} 2>/dev/null || true",
        f"docker run {' '.join(options)} {shlex.join((vm.image, *vm.command))}",
    ]
