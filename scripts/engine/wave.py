"""One pass over the graph: send every object whose values are known, after what it depends on is ready."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from aigc.catalog.faults import Fault, UserError
from scripts.engine.admission import PULUMI_MANAGER
from scripts.engine.executor import Notes, walk
from scripts.engine.graph import Graph, Resource, predecessors
from scripts.engine.inventory import Identity, identity, managers
from scripts.engine.kube_client import FIELD_MANAGER, KubeClient, KubeError
from scripts.engine.objects import ObjectKey, is_complete, key_of, manifest
from scripts.engine.send import Change, describe, send
from scripts.engine.waiting import InterruptedWaitError, NotReadyError, timeout_of, wait_ready
from scripts.progress import Progress

RUN_AGAIN = "mend the cause, then run the same command again: it continues where it stopped"


class ApplyFailedError(UserError):
    """The cluster refused something or did not get ready; the faults carry the cause. Not the same as bad input."""


class Wave:
    """Applies a graph once; `live` collects objects by URN."""

    def __init__(
        self,
        client: KubeClient,
        graph: Graph,
        before: Mapping[Identity, dict[str, Any]],
        live: dict[str, dict[str, Any]],
        *,
        progress: Progress,
        adopt: bool,
    ) -> None:
        self._client = client
        self._before = before
        self._adopt = adopt
        self._live = live
        self._done = frozenset(live)
        self._resources = graph.by_urn()
        self._stop = threading.Event()
        self._notes = Notes(progress.note)

    def run(self) -> dict[str, Change]:
        """What happened to each object that was sent; raises ApplyFailedError with the cause of every failure."""
        edges = self._sendable(predecessors(self._resources))
        outcome = walk(edges, self._make, self._stop, self._notes.report)
        faults = [
            self._fault(urn, error)
            for urn, error in sorted(outcome.errors.items())
            if not isinstance(error, InterruptedWaitError)
        ]
        if faults:
            raise ApplyFailedError(faults)
        return {urn: change for urn, change in outcome.results.items() if change is not None}

    def _sendable(self, edges: dict[str, set[str]]) -> dict[str, set[str]]:
        """Without what holds an unknown value, and without everything after that."""
        left_out: set[str] = set()
        for urn in self._resources:  # the graph is in dependency order
            resource = self._resources[urn]
            waits = resource.is_kubernetes_object and not is_complete(resource)
            if waits or edges[urn] & left_out:
                left_out.add(urn)
        return {urn: wanted for urn, wanted in edges.items() if urn not in left_out}

    def _make(self, urn: str) -> Change | None:
        resource = self._resources[urn]
        if not resource.is_kubernetes_object or urn in self._done:
            return None
        body = manifest(resource)
        key = key_of(body)
        say = self._notes.say(str(key))
        try:
            before = self._before.get(identity(key)) or self._unlabelled(key)
            change, after = send(self._client, body, before, force=self._adopt, stop=self._stop, say=say)
            if self._adopt and before is not None:
                self._take_over(key, after)
            self._live[urn] = wait_ready(self._client, key, after, timeout_of(resource, body), stop=self._stop, say=say)
        finally:
            self._notes.done(str(key))
        return change

    def _unlabelled(self, key: ObjectKey) -> dict[str, Any] | None:
        """An object that is there but was not found by our label; a kind that does not exist yet has none."""
        try:
            return self._client.get(key)
        except KubeError as error:
            if error.reason == "NoKindMatch":
                return None
            raise

    def _take_over(self, key: ObjectKey, live: dict[str, Any]) -> None:
        """Strike Pulumi's ownership, so that it conflicts visibly instead of changing things back silently."""
        entries = live["metadata"].get("managedFields") or []
        kept = [item for item in entries if not str(item.get("manager")).startswith(PULUMI_MANAGER)]
        if len(kept) == len(entries) or FIELD_MANAGER not in managers(live):
            return
        version = live["metadata"]["resourceVersion"]
        patch = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": version},
            {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        ]
        self._client.call("PATCH", self._client.path_of(key), patch, "application/json-patch+json")

    def _fault(self, urn: str, error: Exception) -> Fault:
        key = self._key(self._resources[urn])
        if isinstance(error, NotReadyError):
            text = "".join(f"\n      {line}" for line in error.lines)
            return Fault(str(key), error.why + text, RUN_AGAIN)
        if isinstance(error, KubeError):
            problem, way_out = describe(error, key)
            return Fault(urn, problem, way_out)
        if isinstance(error, UserError):
            return error.faults[0]
        return Fault(urn, f"{type(error).__name__}: {error}", "this is a fault of the engine: report it with this line")

    @staticmethod
    def _key(resource: Resource) -> ObjectKey:
        return key_of(resource.inputs)
