"""In words, what each host process does and what is wrong with it."""

from __future__ import annotations

import re
import shutil
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from scripts.local.cluster import power_loss
from scripts.local.cluster.layout import KEEPER, Layout
from scripts.local.cluster.started import read_started
from scripts.local.cluster.supervisor import ProcessInfo, Supervisor, log_file

SUPERVISOR = "supervisord"
STARTED_AGAIN = "the supervisor was gone; started it again"
RUNNING = "running"
STARTING = "starting"
FAILING = "failing"
STOPPED = "stopped"
STATES = {"RUNNING": RUNNING, "STARTING": STARTING, "BACKOFF": FAILING, "EXITED": FAILING, "FATAL": FAILING}
LAST_LINE_LENGTH = 300
ETCD_LOG_FILE_BYTES = 64_000_000
"""It takes the whole next file of its write-ahead log beforehand."""
CORRUPT_ETCD = re.compile(
    r"failed to (find|read|open) (database snapshot|WAL)|wal: (file not found|crc mismatch|max entry size)|walpb: crc"
    r"|snap(shot)?: .*(corrupt|crc)|file (is )?corrupt|invalid freelist|page .* already freed|unexpected EOF"
    r"|bolt.*invalid database",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ProcessStatus:
    """One host process, for a person."""

    name: str
    state: str
    """running, starting, failing or stopped."""
    words: str


def exits(layout: Layout) -> dict[str, int]:
    """How often each process ended by itself since the supervisor started, as its log tells."""
    counts: dict[str, int] = {}
    for line in tail(layout.logs / "supervisord.log", 5000):
        if "supervisord started with pid" in line:
            counts.clear()
        elif name := ended_in(line):
            counts[name] = counts.get(name, 0) + 1
    return counts


def ended_in(line: str) -> str:
    """Of which process a line of the supervisor's log says that it ended by itself; empty when of none."""
    match = re.search(r"(?:exited|gave up|WARN exited): ([\w-]+) ", line)
    return match[1] if match else ""


def describe(info: ProcessInfo, exited: int, said: str, problem: str = "") -> ProcessStatus:
    """Put one process into words; `said` is why it ends, `problem` what its own health check said."""
    state = STATES.get(info.state, STOPPED)
    times = f"; exited {exited} time{'s' if exited != 1 else ''} so far" if exited else ""
    if state == RUNNING and problem:
        return ProcessStatus(info.name, FAILING, f"runs (pid {info.pid}) but does not work: {problem}{times}")
    if state in (RUNNING, STARTING):
        return ProcessStatus(info.name, state, f"pid {info.pid}, for {_duration(info.seconds_up)}{times}")
    if state == STOPPED:
        return ProcessStatus(info.name, state, "was stopped by hand")
    count = f"exited {exited} times" if exited else "does not start"
    # "Exited too quickly" is all the supervisor says of most failures; the process itself knows more.
    told = info.problem if info.problem and not info.problem.startswith("Exited too quickly") else ""
    return ProcessStatus(info.name, state, f"{count}; {told or said}")


def cause_of(layout: Layout, supervisor: Supervisor, name: str) -> str:
    """Why a process does not work, from what it and the supervisor wrote."""
    if cause := known_cause(layout, name):
        return cause
    info = next((i for i in supervisor.processes() if i.name == name), None)
    if info is None:
        return "the supervisor does not know it"
    return describe(info, exits(layout).get(name, 0), said(layout, name)).words


def etcd_damage(layout: Layout) -> str:
    """What etcd says of damaged data, which a hard stop of the host can leave (it does not sync); empty if nothing."""
    lines = tail(log_file(layout, "etcd"), 40)
    damaged = next((found[0] for line in reversed(lines) if (found := CORRUPT_ETCD.search(line))), "")
    return f"etcd's data is damaged ({damaged})" if damaged else ""


def etcd_room(layout: Layout) -> str:
    """What keeps etcd from writing when its disk is full; empty if nothing. With no block left it says nothing."""
    try:
        free_bytes = shutil.disk_usage(layout.etcd).free
    except OSError:
        return ""
    if free_bytes >= ETCD_LOG_FILE_BYTES:
        return ""
    next_file = f"its next log file takes {ETCD_LOG_FILE_BYTES / 1e6:.0f}"
    return f"no space left on device: {free_bytes / 1e6:.0f} MB free under {layout.etcd}, {next_file}"


def known_cause(layout: Layout, name: str) -> str:
    """Why a process that does not work does not, where that can be told without its own words; empty if not."""
    if name != "etcd":
        return ""
    damage = etcd_damage(layout)
    return f"{damage}: `make up` builds the cluster anew" if damage else etcd_room(layout)


def said(layout: Layout, name: str) -> str:
    """What keeps a process from working, where it is known, or what it wrote last."""
    return known_cause(layout, name) or f"last log line: {last_line(layout, name) or 'none'}"


def of_supervisor(layout: Layout, runs: bool) -> ProcessStatus:
    """The supervisor itself: how often it was gone, and what `up` will do when the cluster stands still."""
    last = read_started(layout)
    rebuilt = f"; etcd's data was thrown away {last.rebuilt}" if last and last.rebuilt else ""
    if runs:
        # Of this boot or an earlier one: the log ends with the cluster.
        times = [line for line in tail(layout.logs / f"{KEEPER}.log", 5000) if line.endswith(STARTED_AGAIN)]
        count = f"{len(times)} time{'s' if len(times) != 1 else ''}"
        again = f"was gone {count}, last at {times[-1].partition(' ')[0]}, " if times else ""
        return ProcessStatus(SUPERVISOR, RUNNING, f"{again}restarts what ends{rebuilt}")
    why = "the host was restarted; " if last and last.boot_id != power_loss.boot_id() else ""
    doubt = power_loss.distrust(power_loss.evidence(layout, last.boot_id, power_loss.boot_id())) if last else ""
    doubt = f"{doubt}: `up` builds the cluster anew; " if doubt else ""
    words = (
        f"{why}{doubt}it does not run, so nothing is restarted when it ends; `python -m scripts cluster up` mends it"
    )
    return ProcessStatus(SUPERVISOR, STOPPED, words)


def last_line(layout: Layout, name: str) -> str:
    """The last line a process wrote."""
    lines = [line for line in tail(log_file(layout, name), 20) if line.strip()]
    return lines[-1].strip()[:LAST_LINE_LENGTH] if lines else ""


def tail(path: Path, lines: int | None) -> list[str]:
    """The last lines of a file, or all; none when there is no file."""
    try:
        with path.open(errors="replace") as stream:
            return [line.rstrip("\n") for line in deque(stream, maxlen=lines)]
    except OSError:
        return []


def _duration(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
