"""Stacks on gcp with one slice of TPUs beside the cluster, bent in one place."""

from __future__ import annotations

from typing import Any

from tests.pure.plan.stacks_for_tests import gcp

IMAGE = "us-central1-docker.pkg.dev/aigc-dev/aigc/embed:1.2.0"
SOUND: dict[str, Any] = {
    "accelerator": "tpu-v6e",
    "topology": "2x2",
    "zone": "us-central1-b",
    "image": IMAGE,
    "command": ["serve", "--weights", "/files/weights"],
    "files": "gs://aigc-dev-weights/embed/1",
    "port": 8000,
}


def tpu_vm_stack(**more: Any) -> dict[str, Any]:
    """A sound stack; `more` goes into its slice, None takes a key out of it."""
    vm = {key: value for key, value in (SOUND | more).items() if value is not None}
    return gcp(tpu_vms={"embed": vm})
