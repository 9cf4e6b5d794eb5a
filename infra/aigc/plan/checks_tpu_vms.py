"""Checks of TPUs beside the cluster: a version that the API has, a shape that is sold, a zone, and what runs there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog import limits
from aigc.catalog.kinds import CapacityType
from aigc.catalog.tpu_vms import TpuVmKind, tpu_vm_cloud, tpu_vm_kinds
from aigc.config.problems import Path, Problem, did_you_mean, one_of, printable
from aigc.config.spec import StackSpec
from aigc.config.tpu_vm_spec import TpuVmSpec
from aigc.plan.checks_cluster import zone_problems
from aigc.plan.names import endpoint_name
from aigc.plan.slices import choices
from aigc.plan.tpu_vms import machine_of_slice

_IMAGE = re.compile(
    r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+"
    r"(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?P<digest>@sha256:[0-9a-f]{64})?"
)
"""Registry, path, tag, digest (OCI distribution specification, 'Pulling manifests')."""
_FOLDER = re.compile(r"gs://[a-z0-9][a-z0-9_-]{1,61}[a-z0-9](/[A-Za-z0-9._=-]+)+/?")
"""A bucket without dots, and a folder in it: a whole bucket would bring whatever else is there."""
_RUNTIME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


def tpu_vm_problems(spec: StackSpec) -> Iterator[Problem]:
    """Everything that is wrong with them."""
    if spec.tpu_vms and spec.cloud is not tpu_vm_cloud():
        way_out = f"remove it; cloud {tpu_vm_cloud()} has them"
        yield Problem(("tpu_vms",), f"cloud {spec.cloud} has no TPU VMs", way_out)
        return
    for name, asked in spec.tpu_vms.items():
        path = ("tpu_vms", name)
        if not limits.RFC1035_LABEL.fullmatch(name) or len(name) > limits.GKE_POOL_NAME_CHARS:
            words = f"lowercase letters, digits and hyphens, a letter first, {limits.GKE_POOL_NAME_CHARS} at most"
            yield Problem(path, "cannot be a TPU VM's name", words)
        if name in {endpoint_name(model) for model in spec.models}:
            yield Problem(path, "is the name of a model's endpoint, and the stack's output has one list", "rename it")
        yield from _slice(path, asked)
        yield from zone_problems(spec, (*path, "zone"), asked.zone)
        yield from _capacity(path, asked)
        yield from _what_runs(path, asked)


def _slice(path: Path, asked: TpuVmSpec) -> Iterator[Problem]:
    where, kind = (*path, "accelerator"), tpu_vm_kinds().get(asked.accelerator)
    if kind is None:
        known = [name for name, row in tpu_vm_kinds().items() if row.gap is None]
        problem = f"{printable(asked.accelerator)} is no TPU of the catalog"
        yield Problem(where, problem, did_you_mean(asked.accelerator, known, "TPUs"))
    elif kind.gap is not None:
        pool = one_of(row.machine_type for row in kind.machines if row.size_is_known)
        way_out = f"use a pool of GKE with machine_type {pool}, or another accelerator"
        yield Problem(where, f"{asked.accelerator} is no TPU VM: {kind.gap}", way_out)
    else:
        yield from _shape(path, asked, kind)
        if asked.runtime_version is None and kind.runtime_version is None:
            problem = f"is missing: which one {asked.accelerator} wants is not known here"
            yield Problem((*path, "runtime_version"), problem, "write one that the zone has")
        if kind.sold_in(asked.zone) is False:
            problem = f"{printable(asked.zone)} has no {asked.accelerator}"
            yield Problem((*path, "zone"), problem, f"in the United States {one_of(kind.zones_of_us)} have it")


def _shape(path: Path, asked: TpuVmSpec, kind: TpuVmKind) -> Iterator[Problem]:
    if machine_of_slice(kind, asked.topology) is None:
        problem = f"{printable(asked.topology)} is no shape that {asked.accelerator} is sold in"
        shapes = dict.fromkeys(choices(row) for row in kind.machines)
        yield Problem((*path, "topology"), problem, f"choose {', '.join(shapes)}")


def _capacity(path: Path, asked: TpuVmSpec) -> Iterator[Problem]:
    if asked.capacity is CapacityType.FLEX_START:
        # V2QueuedResourceTpuNodeSpecNodeArgs of pulumi_gcp 10.2.0: runtime, accelerator, description and network.
        problem = "waits in a queue, and what waits there can be given neither a service account nor a container"
        way_out = "choose on_demand, spot or reserved; a pool of GKE has flex_start"
        yield Problem((*path, "capacity"), problem, way_out)


def _what_runs(path: Path, asked: TpuVmSpec) -> Iterator[Problem]:
    image = _IMAGE.fullmatch(asked.image)
    if image is None:
        way_out = "write registry/path:tag or registry/path@sha256:digest"
        yield Problem((*path, "image"), f"{printable(asked.image)} is no image", way_out)
    elif not image["digest"] and image["tag"] in (None, "latest"):
        problem = f"{printable(asked.image)} has no version: each machine would run what there is on its day"
        yield Problem((*path, "image"), problem, "write a tag that is not latest, or a digest")
    if asked.files is not None and not _FOLDER.fullmatch(asked.files):
        problem = f"{printable(asked.files)} is no folder in a bucket"
        yield Problem((*path, "files"), problem, "write gs://<bucket>/<folder>")
    if asked.runtime_version is not None and not _RUNTIME.fullmatch(asked.runtime_version):
        problem = f"{printable(asked.runtime_version)} is no runtime version"
        yield Problem((*path, "runtime_version"), problem, "they look like tpu-ubuntu2204-base")
