"""One stack on simulated nodes: from the fewest nodes and no traffic to the most of both, and back.

    python -m tests.fleets.play FOLDER STACK RENDERED [whole]

Runs as the first process of its namespaces; RENDERED is the folder that `render` wrote. Prints what it saw as JSON.
With `whole` idle replicas are kept for as long as the stack says.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.plan.stack_plan import ServingMode, StackPlan
from aigc.plan.validation import plan_of
from scripts.local.cluster.layout import CLUSTER_DOMAIN
from scripts.local.supply.api import ensure_host_tools
from scripts.local.supply.go_build import ensure_group
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane, make_link
from tests.fleets.controllers import Controllers
from tests.fleets.fleet import IN_FLIGHT, Body, Fleet
from tests.fleets.judge import Placed, at_rest, objections
from tests.fleets.kwok import ensure_kwok, start_kwok
from tests.fleets.namespaces import mount_root
from tests.fleets.neighbours import Neighbours
from tests.fleets.stand_ins import KNATIVE_OPERATOR_KIND, definitions, operator_config
from tests.fleets.traffic import Activator, answer_as_activator

PATIENCE_SECONDS = 60.0
IDLE_MORE_SECONDS = 120.0
"""Beyond the idle time: Knative looks a minute back, and its own grace comes on top."""


class Clock:
    """How long each part took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, name: str) -> None:
        """The time since the last one."""
        now = time.monotonic()
        self.seconds[name], self._since = round(now - self._since, 1), now


def rendered(folder: Path) -> list[Body]:
    """The documents of a rendered stack in the order in which they are applied."""
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]


def so_many(pods: Mapping[str, int]) -> Callable[[Placed], bool]:
    """Whether every one of these endpoints has its number."""
    return lambda now: all(sum(now[name].values()) == number for name, number in pods.items())


def prepare(
    plane: ControlPlane, plan: StackPlan, bodies: list[Body], clock: Clock, *, hurry: bool
) -> tuple[Fleet, Controllers]:
    """The platform and the stack's objects on the fewest nodes."""
    progress = Progress(quiet=True)
    fleet, controllers = Fleet(plane.client, plan, hurry=hurry), Controllers(plane, Neighbours(plane))
    start_kwok(plane, *ensure_kwok())
    controllers.define(bodies, definitions(bodies))
    namespaces = [body for body in bodies if body.get("kind") == "Namespace"]
    fleet.apply(namespaces)
    fleet.add_nodes(most=False)
    clock.lap("definitions, namespaces and nodes")
    if any((body.get("apiVersion"), body.get("kind")) == KNATIVE_OPERATOR_KIND for body in bodies):
        registries = {image.partition("/")[0] for image in plan.images.values()}
        controllers.start_knative(ensure_group("knative", progress), operator_config(bodies, registries))
    clock.lap("Knative")
    names = [f"{one.name}-00001.{MODELS_NAMESPACE}.svc.{CLUSTER_DOMAIN}" for one in plan.endpoints]
    answer_as_activator(plane.layout.root / "hosts", names)
    fleet.apply(body for body in bodies if body.get("kind") != "Namespace")
    clock.lap("the stack's objects")
    return fleet, controllers


def idle_again(plan: StackPlan, fleet: Fleet, activator: Activator | None) -> Placed:
    """Where pods are when there was no traffic for as long as idle replicas are kept."""
    followers = [one for one in plan.endpoints if one.mode is ServingMode.KNATIVE]
    if not followers or activator is None:
        return {}
    seconds = max(one.scaling.idle_seconds for one in followers) + IDLE_MORE_SECONDS
    enough = so_many({one.name: one.scaling.min_replicas for one in followers})
    return fleet.placed(seconds, enough, lambda: fleet.tell(activator, 0.0))


def main(root: Path, stack: str, folder: Path, *, hurry: bool) -> None:
    """Play it."""
    clock = Clock()
    plan, bodies = plan_of(stack), rendered(folder)
    mount_root(root)
    make_link()
    plane = ControlPlane(root, ensure_host_tools(Progress(quiet=True)).bin_dir)
    try:
        plane.start()
        clock.lap("control plane")
        fleet, controllers = prepare(plane, plan, bodies, clock, hurry=hurry)
        fleet.scale_steady(most=False)
        floor = fleet.placed(PATIENCE_SECONDS, enough=so_many({one.name: at_rest(one) for one in plan.endpoints}))
        clock.lap("at the floor")
        fleet.add_nodes(most=True)
        fleet.scale_steady(most=True)
        activator = Activator(controllers.processes["autoscaler"]) if "autoscaler" in controllers.processes else None
        most = fleet.placed(
            PATIENCE_SECONDS,
            enough=so_many({one.name: one.scaling.max_replicas for one in plan.endpoints}),
            meanwhile=(lambda: fleet.tell(activator, IN_FLIGHT)) if activator else lambda: None,
        )
        clock.lap("at the most")
        why = fleet.why_waiting() if objections(plan, floor, most, {}) else []
        zero = idle_again(plan, fleet, activator)
        clock.lap("idle again")
        if why:
            sys.stderr.write(plane.all_last_words())
    except Exception:
        sys.stderr.write(plane.all_last_words())
        raise
    finally:
        plane.stop()
    seen: dict[str, Any] = {"floor": floor, "most": most, "zero": zero, "seconds": clock.seconds}
    seen["stand_ins"] = [asdict(one) for one in fleet.stand_ins]
    seen["why"] = why
    seen["objections"] = objections(plan, floor, most, zero)
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), hurry="whole" not in sys.argv[4:])
