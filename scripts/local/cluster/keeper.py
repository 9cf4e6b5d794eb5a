"""Keeps the supervisor, as the supervisor keeps it: each starts the other again, so neither `kill -9` needs a person.

It is a child of the supervisor. When that is killed, its children run on without anybody who would start them again,
and a new supervisor could not adopt them; so they are ended (pods and their shims stay) and started by the new one.

It also tells whoever asks how often each of them ended (`exit_metrics`).

At an orderly shutdown of the host it waits for etcd's end and notes that the data is on the disk (`power_loss`).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime

from aigc.catalog.faults import UserError
from scripts.local.cluster import exit_metrics, power_loss, processes
from scripts.local.cluster.layout import KEEPER, Layout
from scripts.local.cluster.lock import alone
from scripts.local.cluster.status import STARTED_AGAIN
from scripts.local.cluster.supervisor import Supervisor, end_host_processes, log_file, start

LOOK_SECONDS = 0.5
WHOLE_END_SECONDS = 1.0
"""Whoever ends the whole cluster ends this process right after the supervisor."""
RETRY_SECONDS = 2.0
ETCD_END_SECONDS = 30.0


def keep(layout: Layout) -> None:
    """Until the supervisor ends: told to (SIGTERM), or killed."""
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    # Only now: its thread must not take the signal that is waited for here.
    exit_metrics.serve_beside(layout)
    while os.getppid() == parent:
        if signal.sigtimedwait({signal.SIGTERM}, LOOK_SECONDS) is not None:
            note_orderly_end(layout)
            return
    # Blocked signals are inherited: the next supervisor could not be stopped.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    time.sleep(WHOLE_END_SECONDS)
    while not Supervisor(layout).answers():
        try:
            with alone(layout):
                take_over(layout)
        except UserError as fault:
            tell(layout, f"not yet: {fault}")
            time.sleep(RETRY_SECONDS)


def take_over(layout: Layout) -> None:
    """Start a supervisor in the place of one that was killed."""
    end_host_processes(layout)
    start(layout)
    tell(layout, STARTED_AGAIN)


def note_orderly_end(layout: Layout) -> None:
    """Wait until etcd has ended, as it does when the host shuts down, and note that nothing of it can be lost."""
    deadline = time.monotonic() + ETCD_END_SECONDS
    while any(process.name == "etcd" for process in processes.owned(layout)):
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)
    if layout.root.exists():
        power_loss.note_synced(layout, power_loss.boot_id())


def tell(layout: Layout, words: str) -> None:
    """Into the log: the pipe to a killed supervisor is broken."""
    with log_file(layout, KEEPER).open("a") as log:
        log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {words}\n")


if __name__ == "__main__":
    keep(Layout())
    sys.exit(0)
