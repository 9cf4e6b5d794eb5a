"""A slow hop: the link into an endpoint's pod becomes narrow, for what comes from the given pods only.

Not `netem delay`, which many kernels lack: HTB with a u32 filter at the host's end of the pod's veth. Requests of a
closed loop then queue in front of the link, and neither in the gateway nor in Triton. Probes and scrapes come from
other addresses and pass as before, so that the pod stays ready.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from scripts.local.cluster.install import SYSTEM_PATH
from scripts.local.cluster.layout import Layout
from scripts.local.cluster.started import read_started
from tests.incidents.memory_pressure import container_group

BITS_PER_SECOND = 8000


@contextmanager
def narrow_link(pod: Any, sources: Sequence[str], bits_per_second: int = BITS_PER_SECOND) -> Iterator[None]:
    """Let the pods at these addresses together send no more than this to a pod."""
    link = host_link(pod)
    run("tc", "qdisc", "add", "dev", link, "root", "handle", "1:", "htb", "default", "10")
    try:
        run("tc", "class", "add", "dev", link, "parent", "1:", "classid", "1:10", "htb", "rate", "10gbit")
        rate = f"{bits_per_second}bit"
        # The burst is one packet: it would otherwise let the first requests of each pause pass as if nothing were.
        narrow = ("rate", rate, "ceil", rate, "burst", "1600", "cburst", "1600")
        run("tc", "class", "add", "dev", link, "parent", "1:", "classid", "1:20", "htb", *narrow)
        for address in sources:
            match = ("u32", "match", "ip", "src", f"{address}/32", "flowid", "1:20")
            run("tc", "filter", "add", "dev", link, "parent", "1:", "protocol", "ip", "prio", "1", *match)
        yield
    finally:
        run("tc", "qdisc", "del", "dev", link, "root")


def host_link(pod: Any) -> str:
    """The host's end of a pod's network: the peer of its eth0."""
    pid = (container_group(pod, "triton") / "cgroup.procs").read_text().split()[0]
    inside = run("nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-o", "link", "show", "eth0")
    index = re.search(r"eth0@if(\d+)", inside)
    assert index, inside
    outside = re.search(rf"^{index[1]}: (\S+?)@", run("ip", "-o", "link"), re.MULTILINE)
    assert outside, f"no link of this host has the index {index[1]}"
    return outside[1]


def run(*command: str) -> str:
    """Run a tool of the cluster's own supply, or the host's."""
    started = read_started(Layout())
    path = f"{started.bin_dir}:{SYSTEM_PATH}" if started else SYSTEM_PATH
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
