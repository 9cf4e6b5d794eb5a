"""One stack on simulated nodes: from the fewest nodes and no traffic to the most of both, with what may be missing.

    python -m tests.fleets.play FOLDER STACK RENDERED [--whole] [--patience SECONDS]

Runs as the first process of its namespaces; RENDERED is the folder that `render` wrote. Prints what it saw as JSON.
`python -m tests.fleets STACK` renders, plays, and prints a report.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from aigc.autoscaling.keda import DECLINE_PERIOD_SECONDS
from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.plan.stack_plan import Autoscaler, EndpointPlan, StackPlan
from aigc.plan.validation import plan_of
from scripts.local.cluster.layout import CLUSTER_DOMAIN, NODE_IP
from scripts.local.supply.api import ensure_host_tools
from scripts.local.supply.go_build import ensure_group
from scripts.progress import Progress
from tests.fleets.control_plane import ControlPlane, make_link
from tests.fleets.controllers import Controllers
from tests.fleets.fleet import IN_FLIGHT, Body, Fleet, Sight
from tests.fleets.footprints import KNATIVE_OPERATOR_KIND
from tests.fleets.hosts import Hosts
from tests.fleets.judge import (
    budget_objections,
    lost,
    objections,
    scaler_objections,
    stand_in_objections,
    stand_ins_expected,
)
from tests.fleets.keda import Keda, has_scalers
from tests.fleets.kwok import ensure_kwok, start_kwok
from tests.fleets.namespaces import mount_root
from tests.fleets.neighbours import Neighbours
from tests.fleets.prometheus import HOST as PROMETHEUS_HOST
from tests.fleets.prometheus import Prometheus, queries_of
from tests.fleets.scenes import Load, Placed, Scene, expected, scenes
from tests.fleets.stand_ins import CONTROL_PLANE, definitions, operator_config
from tests.fleets.traffic import Activator, answer_as_activator

PATIENCE_SECONDS = 60.0
"""With each scene, on the two cores of a small machine."""
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


@dataclass(frozen=True)
class Seen:
    """What a scene showed, as it is printed."""

    scene: str
    expected: Placed
    placed: Placed
    stand_ins_expected: Placed
    stand_ins: Placed
    waits: tuple[str, ...]
    objections: list[str]


def rendered(folder: Path) -> list[Body]:
    """The documents of a rendered stack in the order in which they are applied."""
    return [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]


def prepare(
    plane: ControlPlane, plan: StackPlan, bodies: list[Body], clock: Clock, *, hurry: bool
) -> tuple[Fleet, Controllers, Prometheus]:
    """The platform and the stack's objects on the fewest nodes."""
    progress, neighbours = Progress(quiet=True), Neighbours(plane)
    fleet, controllers = Fleet(plane.client, plan, hurry=hurry), Controllers(plane, neighbours)
    hosts, metrics = Hosts(plane.layout.root / "hosts"), Prometheus(queries_of(bodies))
    start_kwok(plane, *ensure_kwok())
    controllers.define(bodies, definitions(bodies))
    namespaces = [body for body in bodies if body.get("kind") == "Namespace"]
    fleet.apply(namespaces)
    fleet.have(scenes(plan)[0].nodes)
    clock.lap("definitions, namespaces and nodes")
    keda = Keda(plane, neighbours, hosts, ensure_group("keda", progress)) if has_scalers(bodies) else None
    if keda:
        keda.start()
    if any((body.get("apiVersion"), body.get("kind")) == KNATIVE_OPERATOR_KIND for body in bodies):
        registries = {image.partition("/")[0] for image in plan.images.values()}
        controllers.start_knative(ensure_group("knative", progress), operator_config(bodies, registries))
    clock.lap("Knative")
    if keda:
        keda.finish()
        hosts.lead([PROMETHEUS_HOST], NODE_IP)
        metrics.serve()
        fleet.differences.append(CONTROL_PLANE)
        clock.lap("KEDA")
    names = [f"{one.name}-00001.{MODELS_NAMESPACE}.svc.{CLUSTER_DOMAIN}" for one in plan.endpoints]
    answer_as_activator(hosts, names)
    fleet.apply(body for body in bodies if body.get("kind") != "Namespace")
    clock.lap("the stack's objects")
    return fleet, controllers, metrics


class Play:
    """The scenes of one stack, one after the other."""

    def __init__(
        self, plan: StackPlan, fleet: Fleet, controllers: Controllers, metrics: Prometheus, patience_seconds: float
    ) -> None:
        self._plan, self._fleet, self._metrics, self._patience_seconds = plan, fleet, metrics, patience_seconds
        autoscaler = controllers.processes.get("autoscaler")
        self._activator = Activator(autoscaler) if autoscaler else None
        self._should: Placed = {}
        self._sight: Sight | None = None

    def show(self, scene: Scene) -> Seen:
        """Make it so, wait for what should come of it, and judge what did."""
        refused = self._fleet.have(scene.nodes)
        self._metrics.tell(None if scene.load is Load.UNSEEN else _in_flight(scene))
        before = self._sight
        sight = self._sight = self._fleet.settled(
            self._seconds(scene), lambda now: not self._off(scene, now), self._traffic(scene)
        )
        found = self._off(scene, sight)
        if before and scene.load is not Load.IDLE:
            found += self._said(scene, lost(before.on_nodes, sight.on_nodes, self._fleet.nodes))
        found += self._said(scene, (f"its budget let {name} not go before its node" for name in refused))
        self._should = expected(self._plan, scene, self._should)
        others = stand_ins_expected(self._plan, scene, self._fleet.stand_ins)
        return Seen(scene.name, self._should, sight.endpoints, others, sight.stand_ins, sight.waits, found)

    def _off(self, scene: Scene, now: Sight) -> list[str]:
        return [
            *objections(self._plan, scene, self._should, now.endpoints),
            *stand_in_objections(self._plan, scene, self._fleet.stand_ins, now.stand_ins),
            *self._said(scene, budget_objections(self._fleet.budgets())),
            *self._said(scene, scaler_objections(scene, self._fleet.scalers())),
        ]

    @staticmethod
    def _said(scene: Scene, words: Iterable[str]) -> list[str]:
        return [f"{scene.name}: {one}" for one in words]

    def _traffic(self, scene: Scene) -> Callable[[], None]:
        activator = self._activator
        if activator is None or scene.load is Load.REST:
            return lambda: None
        return lambda: self._fleet.tell(activator, _in_flight(scene))

    def _seconds(self, scene: Scene) -> float:
        if scene.load is not Load.IDLE:
            return self._patience_seconds
        return max(self._kept_seconds(endpoint) for endpoint in self._plan.endpoints)

    def _kept_seconds(self, endpoint: EndpointPlan) -> float:
        scaling = endpoint.scaling
        if scaling.autoscaler is Autoscaler.KPA:
            return scaling.idle_seconds + IDLE_MORE_SECONDS
        if scaling.autoscaler is Autoscaler.NONE or self._fleet.hurry:
            return self._patience_seconds
        one_by_one = (scaling.max_replicas - scaling.min_replicas) * DECLINE_PERIOD_SECONDS
        return scaling.idle_seconds + one_by_one + IDLE_MORE_SECONDS


def _in_flight(scene: Scene) -> float:
    return IN_FLIGHT if scene.load in (Load.MOST, Load.UNSEEN) else 0.0


def main(root: Path, stack: str, folder: Path, *, hurry: bool, patience_seconds: float) -> None:
    """Play it."""
    clock = Clock()
    plan, bodies = plan_of(stack), rendered(folder)
    mount_root(root)
    make_link()
    plane = ControlPlane(root, ensure_host_tools(Progress(quiet=True)).bin_dir)
    seen: list[Seen] = []
    try:
        plane.start()
        clock.lap("control plane")
        fleet, controllers, metrics = prepare(plane, plan, bodies, clock, hurry=hurry)
        play = Play(plan, fleet, controllers, metrics, patience_seconds)
        for scene in scenes(plan):
            seen.append(play.show(scene))
            clock.lap(scene.name)
        if any(one.objections for one in seen):
            sys.stderr.write(plane.all_last_words())
    except Exception:
        sys.stderr.write(plane.all_last_words())
        raise
    finally:
        plane.stop()
    document: dict[str, Any] = {"stack": stack, "scenes": [asdict(one) for one in seen], "seconds": clock.seconds}
    document["differences"] = [asdict(one) for one in fleet.differences]
    document["objections"] = [words for one in seen for words in one.objections]
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fleets.play", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("stack")
    parser.add_argument("rendered", type=Path)
    parser.add_argument("--whole", action="store_true", help="keep idle replicas for as long as the stack says")
    parser.add_argument("--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS", help="for each scene")
    given = parser.parse_args()
    main(given.folder, given.stack, given.rendered, hurry=not given.whole, patience_seconds=given.patience)
