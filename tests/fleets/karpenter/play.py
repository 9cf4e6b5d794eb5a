"""One stack whose pods wait until Karpenter has made nodes for them: no traffic, the most of it, and none again.

    python -m tests.fleets.karpenter.play FOLDER STACK_FILE RENDERED [whole]

Runs as the first process of its namespaces; RENDERED is the folder with the stack's documents. Prints what it saw as
JSON. With `whole` idle replicas and empty nodes are kept for as long as the stack says.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aigc.plan.stack_plan import StackPlan
from scripts.engine.kube_client import KubeClient
from scripts.local.supply.api import ensure_host_tools
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane, make_link
from tests.fleets.fleet import IN_FLIGHT, POLL_SECONDS, QUIET_SECONDS, Fleet
from tests.fleets.karpenter.controller import ensure_karpenter, start_karpenter
from tests.fleets.karpenter.judge import Moment, objections
from tests.fleets.karpenter.sight import Sight, look
from tests.fleets.karpenter.stand_ins import EC2_NODE_CLASS, NODE_POOL, Body, empty_seconds, kind_of, simulated
from tests.fleets.karpenter.variants import plan_of_file
from tests.fleets.namespaces import mount_root
from tests.fleets.play import IDLE_MORE_SECONDS, PATIENCE_SECONDS, Clock, prepare, rendered
from tests.fleets.prometheus import Prometheus
from tests.fleets.stand_ins import StandIn
from tests.fleets.traffic import Activator

_NODE_SECONDS = 30.0
"""For each node that goes: a tenth of a pool at a time, at least one, looked for every 10 s and again after 15."""


class Play:
    """The moments of one stack, one after the other."""

    def __init__(self, client: KubeClient, plan: StackPlan, metrics: Prometheus, empty_seconds: int) -> None:
        self._client, self._plan, self._metrics, self._empty_seconds = client, plan, metrics, empty_seconds

    def show(self, moment: Moment, fleet: Fleet, activator: Activator | None) -> Sight:
        """Ask for it, and wait for what should come of it."""
        in_flight = IN_FLIGHT if moment is Moment.MOST else 0.0
        self._metrics.tell(in_flight)
        if activator is None or moment is Moment.FLOOR:
            return self._settled(moment, lambda: None)
        return self._settled(moment, lambda: fleet.tell(activator, in_flight))

    def _settled(self, moment: Moment, meanwhile: Callable[[], None]) -> Sight:
        """As soon as there is nothing to object to and it is quiet, else when its time is over."""
        deadline, since, before = time.monotonic() + self._seconds(moment), time.monotonic(), None
        while True:
            now = look(self._client, self._plan)
            if now != before:
                before, since = now, time.monotonic()
            quiet = time.monotonic() - since > QUIET_SECONDS
            if (quiet and not objections(self._plan, moment, now)) or time.monotonic() > deadline:
                return now
            meanwhile()
            time.sleep(POLL_SECONDS)

    def _seconds(self, moment: Moment) -> float:
        if moment is not Moment.IDLE:
            return PATIENCE_SECONDS
        idle_seconds = max(endpoint.scaling.idle_seconds for endpoint in self._plan.endpoints)
        nodes = sum(pool.max_nodes for pool in self._plan.pools if pool.karpenter)
        return idle_seconds + IDLE_MORE_SECONDS + self._empty_seconds + nodes * _NODE_SECONDS


def moments(
    plane: ControlPlane, plan: StackPlan, bodies: list[Body], objects: list[Body], clock: Clock, *, hurry: bool
) -> tuple[dict[Moment, Sight], list[StandIn]]:
    """What there was at each of them, and what was not applied as it was rendered."""
    start_karpenter(plane, plan, ensure_karpenter(), objects)
    clock.lap("Karpenter")
    fleet, controllers, metrics = prepare(plane, plan, bodies, clock, hurry=hurry)
    autoscaler = controllers.processes.get("autoscaler")
    activator = Activator(autoscaler) if autoscaler else None
    longest = max(empty_seconds(one) for one in objects if kind_of(one) == NODE_POOL)
    play = Play(plane.client, plan, metrics, longest)
    seen: dict[Moment, Sight] = {}
    for moment in Moment:
        seen[moment] = play.show(moment, fleet, activator)
        clock.lap(moment)
    return seen, fleet.differences


def main(root: Path, stack_file: Path, folder: Path, *, hurry: bool) -> None:
    """Play it."""
    clock = Clock()
    plan, bodies = plan_of_file(stack_file), rendered(folder)
    objects, differences = simulated(bodies, hurry=hurry)
    others = [body for body in bodies if kind_of(body) not in (EC2_NODE_CLASS, NODE_POOL)]
    mount_root(root)
    make_link()
    plane = ControlPlane(root, ensure_host_tools(Progress(quiet=True)).bin_dir)
    try:
        plane.start()
        clock.lap("control plane")
        seen, more = moments(plane, plan, others, objects, clock, hurry=hurry)
        found = [words for moment, sight in seen.items() for words in objections(plan, moment, sight)]
        if found:
            sys.stderr.write(plane.all_last_words())
    except Exception:
        sys.stderr.write(plane.all_last_words())
        raise
    finally:
        plane.stop()
    document: dict[str, Any] = {moment: sight.as_json() for moment, sight in seen.items()}
    document["seconds"] = clock.seconds
    document["differences"] = [asdict(one) for one in [*differences, *more]]
    document["objections"] = found
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), hurry="whole" not in sys.argv[4:])
