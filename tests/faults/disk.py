"""A full disk under etcd: for as long as it lasts nothing can be changed, what serves goes on; space mends it.

The file system under the cluster's data is a small one of its own for that time, so this machine's disk stays free. It
proves what etcd, the API server and all that watches them do with ENOSPC; not the kubelet's eviction of pods, which
goes by the node's whole disk.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import time
from pathlib import Path

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from scripts.local.cluster import mounts, readiness
from scripts.local.cluster.status import last_line
from scripts.local.cluster.supervisor import Supervisor
from tests.faults.alarm import of_host_process
from tests.faults.fault import Fault
from tests.faults.scene import Scene

FREE_MIB = 8
"""For etcd to start with; the rest of it is filled then."""
BIG_VALUE_BYTES = 500_000
MOST_WRITES = 400
NAME = "disk-filler"
NO_SPACE = "no space left on device"
ETCD_SECONDS = 40.0


def disk_full() -> Fault:
    """Filled to the last block; then a controller writes, as one that runs wild does."""
    return Fault("disk of etcd full", _fill, rf"^etcd: .*{NO_SPACE}", undo=_free, alarm=of_host_process("etcd"))


def _kept(scene: Scene) -> Path:
    return scene.layout.root / "etcd-while-small"


def _fill(scene: Scene) -> None:
    supervisor = Supervisor(scene.layout)
    supervisor.stop("etcd")
    shutil.copytree(scene.layout.etcd, _kept(scene))
    used_mib = sum(path.stat().st_blocks * 512 for path in scene.layout.etcd.rglob("*")) // 2**20 + 1
    size = f"size={used_mib + FREE_MIB}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(scene.layout.etcd)], check=True)
    shutil.copytree(_kept(scene), scene.layout.etcd, dirs_exist_ok=True)
    supervisor.start_now("etcd")
    wait_for_etcd(scene)
    _fill_up(scene)
    refused = _write_until_refused(scene)
    assert refused, f"{MOST_WRITES} writes of {BIG_VALUE_BYTES} bytes did not fill {used_mib + FREE_MIB} MiB"


def _fill_up(scene: Scene) -> None:
    """Take what is left, or etcd would go on after a write that failed: the next may be small enough.

    What it has accepted it must keep at its next start, too, so it fails then again, until there is room. It goes on
    until the first write that its data has no page for: its log was given its blocks beforehand.
    """
    try:
        with (scene.layout.etcd / NAME).open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
    except OSError as full:
        if full.errno != errno.ENOSPC:
            raise


def _write_until_refused(scene: Scene) -> bool:
    body = {"value": "x" * BIG_VALUE_BYTES}
    for number in range(MOST_WRITES):
        metadata = client.V1ObjectMeta(name=f"{NAME}-{number}", labels={NAME: "true"})
        try:
            scene.workloads.core.create_namespaced_config_map(
                "models", client.V1ConfigMap(metadata=metadata, data=body), _request_timeout=8
            )
        except (ApiException, HTTPError):
            # A busy machine refuses a write now and then, too: the disk is full when etcd itself says so.
            if NO_SPACE in last_line(scene.layout, "etcd"):
                return True
    return False


def _free(scene: Scene) -> None:
    """More disk, as a person would give it; the data is the one that was written on the full one."""
    if scene.layout.etcd not in mounts.under(scene.layout.root):
        shutil.rmtree(_kept(scene), ignore_errors=True)
        return
    subprocess.run(["mount", "-o", "remount,size=2g", str(scene.layout.etcd)], check=True)
    (scene.layout.etcd / NAME).unlink(missing_ok=True)
    wait_for_etcd(scene)
    _delete_written(scene)
    supervisor = Supervisor(scene.layout)
    supervisor.stop("etcd")
    shutil.rmtree(_kept(scene))
    shutil.copytree(scene.layout.etcd, _kept(scene))
    subprocess.run(["umount", str(scene.layout.etcd)], check=True)
    shutil.rmtree(scene.layout.etcd)
    _kept(scene).rename(scene.layout.etcd)
    supervisor.start_now("etcd")


def _delete_written(scene: Scene) -> None:
    """The API server has much to catch up with after such an outage: asked again as long as etcd itself may take."""
    deadline = time.monotonic() + ETCD_SECONDS
    while True:
        try:
            scene.workloads.core.delete_collection_namespaced_config_map("models", label_selector=NAME)
            return
        except (ApiException, HTTPError) as refused:
            assert time.monotonic() < deadline, f"what filled the disk cannot be deleted: {refused}"
            time.sleep(1)


def wait_for_etcd(scene: Scene) -> None:
    """Until it and the API server before it answer."""
    deadline = time.monotonic() + ETCD_SECONDS
    while words := readiness.ETCD.probe(scene.layout) or readiness.API_SERVER.probe(scene.layout):
        assert time.monotonic() < deadline, f"etcd and the API server do not come back: {words}"
        time.sleep(0.2)
