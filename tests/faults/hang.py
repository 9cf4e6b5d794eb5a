"""Triton that hangs: it holds its port and answers nobody, until its liveness probe has it started again."""

from __future__ import annotations

import os
import signal

from tests.faults.alarm import of_container
from tests.faults.fault import Fault
from tests.faults.kills import TRITON
from tests.faults.scene import Scene

PATTERN = rf"{TRITON} .*-model=gpt_handbook "


def hung_triton() -> Fault:
    """The steady endpoint's only one."""
    stopped: set[int] = set()

    def cause(scene: Scene) -> None:
        stopped.clear()
        stopped.update(scene.pod_processes(PATTERN))
        assert stopped, "no Triton of the steady endpoint is running"
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    def replaced(scene: Scene) -> bool:
        return bool(scene.pod_processes(PATTERN) - stopped)

    words = r"models/gpt-handbook: .*triton was started again"
    alarm = of_container("models/gpt-handbook", "triton")
    return Fault("Triton hangs", cause, words, replaced, may_fail=True, alarm=alarm)
