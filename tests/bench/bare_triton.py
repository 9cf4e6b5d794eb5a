"""Triton of an endpoint as a process of this machine: its image in a folder, without a cluster around it.

The layers are those that the cluster would import. The process has mounts and a process space of its own, so that all
it started ends with it and its shared memory is nobody else's; its ports are free ones of the loopback address.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from aigc.catalog.faults import fail
from aigc.config.stacks import MODEL_REPOSITORY
from aigc.plan.stack_plan import EndpointPlan
from aigc.serving.model_source import model_files
from aigc.serving.triton import GRPC_PORT, HTTP_PORT, METRICS_PORT, triton_command
from scripts.local.images.archive import USER, ImageArchive
from scripts.local.supply.api import ensure_images
from scripts.progress import Progress
from tests.bench.servers import START_SECONDS, EndedError, once_ready, says_ready, wait_for

LOOPBACK = "127.0.0.1"
SHM_MIB = 512
"""Batches of the endpoints' models stay below 256 MiB (model_repository/README.md)."""
END_SECONDS = 10.0
SHOWN_CHARACTERS = 2000
UNSHARE = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
_MOUNTS = f"""\
set -e
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777,size={SHM_MIB}m shm "$1/dev/shm"
mount -t tmpfs -o mode=1777 tmp "$1/tmp"
root="$1" cores="$2" user="$3"
shift 3
exec taskset -c "$cores" chroot --userspec="$user" "$root" "$@"
"""


@dataclass(frozen=True)
class BareTriton:
    """A server that is ready."""

    process: int
    """That holds its process space; it and all below it are the server."""
    http: str
    """Address and port."""
    grpc: str
    cores: frozenset[int]
    """To which its threads are bound."""

    def used_seconds(self) -> float:
        """Processor time of its living threads, as the kernel's scheduler counts it, to the nanosecond."""
        space = Path(f"/proc/{self.process}/ns/pid_for_children").readlink()
        found = 0
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "ns" / "pid").readlink() == space:
                    found += sum(int(one.read_text().split()[0]) for one in entry.glob("task/*/schedstat"))
        return found / 1e9


@contextmanager
def bare_triton(endpoint: EndpointPlan, cores: set[int]) -> Iterator[BareTriton]:
    """The endpoint's server for so long as the block lasts, every thread of it bound to some cores.

    Raises:
        UserError: this user may not make namespaces.
        EndedError: it ended again and again before it was ready.
        TimeoutError: it was not ready in time.
    """
    if os.geteuid() != 0:
        raise fail("this machine", "Triton is started in namespaces of its own, as root", "run it as root, on Linux")
    (archive,) = ensure_images({}, [endpoint], MODEL_REPOSITORY, Progress(quiet=True))
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as folder, contextlib.ExitStack() as stack:
        unpack(archive, Path(folder))
        yield once_ready(lambda: stack.enter_context(started(endpoint, archive, folder, cores)))


@contextmanager
def started(endpoint: EndpointPlan, archive: ImageArchive, folder: str, cores: set[int]) -> Iterator[BareTriton]:
    """The server of an image that was unpacked into a folder, once it is ready."""
    ports = dict(zip((HTTP_PORT, GRPC_PORT, METRICS_PORT), free_ports(3), strict=True))
    triton = with_ports(triton_command(endpoint, model_files(endpoint)), ports)
    bound = ",".join(map(str, sorted(cores)))
    command = [*UNSHARE, "sh", "-c", _MOUNTS, "sh", folder, bound, USER, *triton]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment(archive), start_new_session=True)
        try:
            http, grpc = (f"{LOOPBACK}:{ports[port]}" for port in (HTTP_PORT, GRPC_PORT))
            server = BareTriton(process.pid, http, grpc, frozenset(cores))
            wait_until_ready(endpoint.name, server, process, said)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(END_SECONDS)


def wait_until_ready(name: str, server: BareTriton, process: subprocess.Popen[bytes], said: IO[str]) -> None:
    """Until every model is loaded.

    Raises:
        EndedError: it ended before that; with the last it said.
        TimeoutError: it is not ready in time.
    """
    with httpx.Client(timeout=1) as client:
        wait_for(lambda: process.poll() is not None or says_ready(client, f"http://{server.http}"), START_SECONDS, name)
    if process.poll() is not None:
        said.seek(0)
        raise EndedError(f"{name} ended with {process.returncode}: {said.read()[-SHOWN_CHARACTERS:]}")


def unpack(archive: ImageArchive, root: Path) -> None:
    """The image's files, and the places where something is mounted."""
    blobs = archive.archive / "blobs" / "sha256"
    manifest = json.loads((blobs / archive.digest.partition(":")[2]).read_text())
    for layer in manifest["layers"]:
        with tarfile.open(blobs / layer["digest"].partition(":")[2]) as tar:
            tar.extractall(root, filter="tar")
    for place in ("proc", "dev/shm", "tmp"):
        (root / place).mkdir(parents=True, exist_ok=True)
    for name, number in (("null", (1, 3)), ("zero", (1, 5)), ("urandom", (1, 9))):
        os.mknod(root / "dev" / name, 0o666 | 0o020000, os.makedev(*number))
    root.chmod(0o755)


def environment(archive: ImageArchive) -> dict[str, str]:
    """As the image sets it."""
    blobs = archive.archive / "blobs" / "sha256"
    config = json.loads((blobs / archive.config_digest.partition(":")[2]).read_text())["config"]
    return {"PATH": os.defpath + ":/usr/sbin:/sbin", **dict(one.split("=", 1) for one in config["Env"])}


def with_ports(command: Sequence[str], ports: Mapping[int, int]) -> list[str]:
    """Triton's command at other ports, of this machine alone."""
    moved = []
    for part in command:
        name, _, value = part.partition("=")
        moved.append(f"{name}={ports[int(value)]}" if name.endswith("-port") else part)
    return [*moved, *(f"--{kind}-address={LOOPBACK}" for kind in ("http", "grpc", "metrics"))]


def free_ports(count: int) -> list[int]:
    """So many that nobody listens at now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]
