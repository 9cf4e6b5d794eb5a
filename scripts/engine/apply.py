"""Makes a cluster what a program says: apply in dependency order, wait for readiness, prune, twice the same is nothing.

It serves `local` and clusters that exist already, and never grows into an engine for clouds: a stack with anything
but Kubernetes objects is refused before a single call.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from aigc.catalog.faults import Fault, UserError
from scripts.engine.admission import refuse_foreign, refuse_unsupported
from scripts.engine.graph import Graph
from scripts.engine.inventory import (
    Entry,
    entries_of,
    forget_inventory,
    merged,
    read_inventory,
    snapshot,
    write_inventory,
)
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.kubeconfig import load_connection
from scripts.engine.objects import is_complete
from scripts.engine.prune import leftovers, protected, prune
from scripts.engine.send import Change
from scripts.engine.waiting import NotReadyError
from scripts.engine.wave import ApplyFailedError, Wave
from scripts.engine.wire import holds_unknown, masked
from scripts.progress import Outcome, Progress

MOST_WAVES = 8


class Program(Protocol):
    """Runs a stack's program with the objects that are live already, by URN."""

    def __call__(self, *, live: Mapping[str, dict[str, Any]]) -> Graph:
        """Its graph."""
        ...


@dataclass(frozen=True)
class ApplyReport:
    """What an apply did."""

    created: int
    changed: int
    unchanged: int
    pruned: int
    outputs: dict[str, Any]
    seconds: float
    changes: dict[str, list[str]] = field(default_factory=dict)
    """Objects by what happened to them: `created`, `changed`, `pruned`."""

    @property
    def nothing_changed(self) -> bool:
        """Whether the cluster was already as the program says."""
        return not (self.created or self.changed or self.pruned)


def apply_graph_of(
    stack: str, program: Program, kubeconfig: Path, context: str | None, progress: Progress, *, adopt: bool
) -> ApplyReport:
    """Apply a stack; the cluster is only touched when the whole program could be read and nothing is in the way."""
    started = time.monotonic()
    client = KubeClient(load_connection(kubeconfig, context))
    try:
        with progress.step(f"read the program of stack {stack}") as step:
            graph = program(live={})
            refuse_unsupported(graph)
            step.detail = f"{len(graph.kubernetes_objects())} objects"
        return _Apply(client, stack, program, progress, adopt).run(graph, started)
    except KubeError as error:
        raise ApplyFailedError([_as_fault(client, error)]) from None
    finally:
        client.close()


def destroy_inventory(stack: str, kubeconfig: Path, context: str | None, progress: Progress) -> int:
    """Delete every object of a stack, the last one made first."""
    client = KubeClient(load_connection(kubeconfig, context))
    try:
        with progress.step(f"delete the objects of stack {stack}") as step:
            count = _prune_all(client, stack, progress)
            step.detail = f"{count} objects"
        return count
    except KubeError as error:
        raise ApplyFailedError([_as_fault(client, error)]) from None
    finally:
        client.close()


class _Apply:
    """One run of apply."""

    def __init__(self, client: KubeClient, stack: str, program: Program, progress: Progress, adopt: bool) -> None:
        self._client = client
        self._stack = stack
        self._program = program
        self._progress = progress
        self._adopt = adopt
        self._changes: dict[str, Change] = {}
        self._live: dict[str, dict[str, Any]] = {}

    def run(self, graph: Graph, started: float) -> ApplyReport:
        inventory = read_inventory(self._client, self._stack)
        with self._progress.step("apply the objects") as step:
            graph = self._waves(graph, inventory)
            counts = {change: sum(found is change for found in self._changes.values()) for change in Change}
            step.detail = ", ".join(f"{number} {change}" for change, number in counts.items() if number)
            if counts[Change.UNCHANGED] == len(self._changes):
                step.outcome = Outcome.UNCHANGED
        pruned = self._prune(graph, inventory)
        by_urn = graph.by_urn()
        names = {
            str(change): sorted(by_urn[urn].urn for urn, found in self._changes.items() if found is change)
            for change in (Change.CREATED, Change.CHANGED)
        }
        return ApplyReport(
            created=counts[Change.CREATED],
            changed=counts[Change.CHANGED],
            unchanged=counts[Change.UNCHANGED],
            pruned=len(pruned),
            outputs=masked(self._outputs(graph)),
            seconds=time.monotonic() - started,
            changes={**names, "pruned": [str(entry.key) for entry in pruned]},
        )

    def _waves(self, graph: Graph, inventory: list[Entry]) -> Graph:
        """Apply what is known; a value that only the cluster knows makes the program run again with it."""
        for _ in range(MOST_WAVES):
            entries = merged(inventory, entries_of(graph))
            before = snapshot(self._client, self._stack, ((entry.api_version, entry.kind) for entry in entries))
            if not self._adopt:
                refuse_foreign(graph, before)
            write_inventory(self._client, self._stack, entries)
            wave = Wave(self._client, graph, before, self._live, progress=self._progress, adopt=self._adopt)
            done = wave.run()
            self._changes.update(done)
            waiting = [item for item in graph.kubernetes_objects() if item.urn not in self._changes]
            if not waiting:
                return graph
            if not done:
                raise UserError([_never_known(item.urn) for item in waiting if not is_complete(item)])
            graph = self._program(live=self._live)
            refuse_unsupported(graph)
        raise UserError([Fault(f"stack {self._stack}", f"it takes more than {MOST_WAVES} rounds", "flatten the chain")])

    def _prune(self, graph: Graph, inventory: list[Entry]) -> list[Entry]:
        wanted = entries_of(graph)
        kinds = {(entry.api_version, entry.kind) for entry in merged(inventory, wanted)}
        live = snapshot(self._client, self._stack, kinds)
        doomed = leftovers(live, inventory, wanted)
        faults = protected(doomed)
        if faults:
            raise ApplyFailedError(faults)
        if doomed:
            with self._progress.step("delete what left the program"):
                _prune_or_explain(self._client, doomed, live, self._progress)
        write_inventory(self._client, self._stack, wanted)
        return doomed

    def _outputs(self, graph: Graph) -> dict[str, Any]:
        if holds_unknown(graph.outputs):
            return self._program(live=self._live).outputs
        return graph.outputs


def _prune_all(client: KubeClient, stack: str, progress: Progress) -> int:
    inventory = read_inventory(client, stack)
    live = snapshot(client, stack, {(entry.api_version, entry.kind) for entry in inventory})
    doomed = leftovers(live, inventory, [])
    faults = protected(doomed)
    if faults:
        raise ApplyFailedError(faults)
    count = _prune_or_explain(client, doomed, live, progress)
    forget_inventory(client, stack)
    return count


def _prune_or_explain(
    client: KubeClient, doomed: list[Entry], live: Mapping[Any, dict[str, Any]], progress: Progress
) -> int:
    try:
        return prune(client, doomed, live, progress)
    except NotReadyError as error:
        text = "".join(f"\n      {line}" for line in error.lines)
        raise ApplyFailedError([Fault("delete", error.why + text, "remove what holds it, then run it again")]) from None


def _never_known(urn: str) -> Fault:
    return Fault(
        urn,
        "one of its values is not known even now that everything before it exists",
        "secrets of a stack file are never decrypted here: apply this stack with `pulumi up`",
    )


def _as_fault(client: KubeClient, error: KubeError) -> Fault:
    if error.status in (401, 403):
        return Fault(client.server, error.message or "access denied", "use a kubeconfig whose user may do this")
    return Fault(client.server, str(error), "see `python -m scripts cluster status`")
