"""What of a cluster is no longer as the program says: missing, changed and left-over objects; nothing is written.

The API server itself compares: each object is applied as a dry run, so that defaults, webhooks and who owns which field
are its own word. Fields that the program does not declare are whoever's who wrote them, and no drift.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from aigc.catalog.faults import Fault, UserError
from scripts.engine.admission import PULUMI_MANAGER
from scripts.engine.apply import Program
from scripts.engine.differences import Difference, differences
from scripts.engine.graph import Graph, Resource
from scripts.engine.inventory import (
    LIST_THREADS,
    Identity,
    entries_of,
    identity,
    managers,
    merged,
    read_inventory,
    snapshot,
)
from scripts.engine.kube_client import KubeClient, KubeError
from scripts.engine.kubeconfig import load_connection
from scripts.engine.objects import ObjectKey, is_complete, key_of, manifest
from scripts.engine.prune import leftovers
from scripts.engine.send import content_of, describe, field_conflicts
from scripts.engine.wire import holds_secret


class What(StrEnum):
    """What became of an object."""

    MISSING = "missing"
    CHANGED = "changed"
    REFUSED = "refused"
    """The cluster would not take it as it is declared."""
    LEFT_OVER = "left over"


@dataclass(frozen=True)
class Drift:
    """One object that is not as the program says."""

    key: str
    what: What
    fields: tuple[Difference, ...] = ()
    """`ours` is what the program declares, `theirs` what is there."""
    hidden: bool = False
    """Whether the values are secret, so that only the paths may be shown."""
    by: tuple[str, ...] = ()
    """Field and owner of each field that somebody else took; or why the cluster refuses the object."""


@dataclass(frozen=True)
class DriftReport:
    """All of a stack."""

    stack: str
    server: str
    compared: int
    drifts: tuple[Drift, ...]
    not_compared: tuple[tuple[str, str], ...]
    """Names, each with the reason."""


def drift_of(stack: str, program: Program, kubeconfig: Path, context: str | None) -> DriftReport:
    """Compare a stack with a cluster.

    Raises:
        UserError: no such kubeconfig, nobody answers there, or its user may not look or try.
    """
    client = KubeClient(load_connection(kubeconfig, context))
    try:
        return compared_with(client, stack, program)
    except KubeError as error:
        way_out = "use a kubeconfig whose user may list and patch what the stack has; a dry run needs the same right"
        raise UserError([Fault(client.server, error.message or str(error), way_out)]) from None
    finally:
        client.close()


def compared_with(client: KubeClient, stack: str, program: Program) -> DriftReport:
    """The same with a client that is there already; raises KubeError where access is denied."""
    # Not as a preview: there, what a cluster adds to an object is absent and not unknown.
    graph = program(live={})
    inventory = read_inventory(client, stack)
    wanted = entries_of(graph)
    kinds = {(entry.api_version, entry.kind) for entry in merged(inventory, wanted)}
    labelled = snapshot(client, stack, kinds)
    live = _live(client, graph, labelled)
    resources = _known(graph, program, live)
    comparable = [one for one in resources if one.urn in live and is_complete(one)]
    with ThreadPoolExecutor(LIST_THREADS) as pool:
        found = pool.map(lambda one: _compared(client, one, live[one.urn]), comparable)
    missing = [Drift(str(key_of(one.inputs)), What.MISSING) for one in resources if one.urn not in live]
    gone = [str(entry.key) for entry in leftovers(labelled, inventory, wanted)]
    gone += _pulumis(labelled, {identity(entry.key) for entry in wanted})
    return DriftReport(
        stack=stack,
        server=client.server,
        compared=len(comparable) + len(missing),
        drifts=(*missing, *filter(None, found), *(Drift(key, What.LEFT_OVER) for key in sorted(gone))),
        not_compared=tuple(_not_compared(graph, resources, live)),
    )


def _live(client: KubeClient, graph: Graph, labelled: Mapping[Identity, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Objects of the program that are there, by URN; what lost our label is asked for by name."""

    def found(resource: Resource) -> dict[str, Any] | None:
        key = key_of(resource.inputs)
        try:
            return labelled.get(identity(key)) or client.get(key)
        except KubeError as error:
            if error.reason == "NoKindMatch":
                return None
            raise

    resources = graph.kubernetes_objects()
    with ThreadPoolExecutor(LIST_THREADS) as pool:
        bodies = pool.map(found, resources)
        return {one.urn: body for one, body in zip(resources, bodies, strict=True) if body is not None}


def _known(graph: Graph, program: Program, live: Mapping[str, dict[str, Any]]) -> Sequence[Resource]:
    """The program's objects, with values of the cluster where they hold such."""
    resources = graph.kubernetes_objects()
    if any(not is_complete(one) and one.urn in live for one in resources):
        return program(live=live).kubernetes_objects()
    return resources


def _compared(client: KubeClient, resource: Resource, live: dict[str, Any]) -> Drift | None:
    body = manifest(resource)
    key = key_of(body)
    try:
        after, taken = _tried(client, body)
    except KubeError as error:
        return _refused(error, key)
    # Not by its version, as after an apply: a dry run answers with the one that is there (k8s.io/apiserver,
    # registry/dryrun.go).
    if not taken and content_of(live) == content_of(after):
        return None
    hidden = key.kind == "Secret" or holds_secret(resource.inputs)
    declared, there = (replace(resource, inputs=content_of(one)) for one in (after, live))
    fields = differences({resource.urn: declared}, {resource.urn: there})
    return Drift(str(key), What.CHANGED, tuple(fields), hidden, tuple(taken))


def _tried(client: KubeClient, body: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The object as it would be, and what of it somebody else took."""
    try:
        return client.apply(body, force=False, dry_run=True), []
    except KubeError as error:
        taken = field_conflicts(error)
        if not taken:
            raise
    return client.apply(body, force=True, dry_run=True), taken


def _refused(error: KubeError, key: ObjectKey) -> Drift:
    """An object that a webhook or an immutable field keeps from being as declared; no access is another thing."""
    if error.status == 401 or (error.status == 403 and 'User "' in error.message):
        raise error
    return Drift(str(key), What.REFUSED, by=(describe(error, key)[0],))


def _pulumis(labelled: Mapping[Identity, dict[str, Any]], kept: set[Identity]) -> list[str]:
    """Objects that Pulumi applied for the stack and the program no longer has; its own state would delete them."""
    return [
        str(key_of(body))
        for name, body in labelled.items()
        if name not in kept
        and any(one.startswith(PULUMI_MANAGER) for one in managers(body))
        and not body["metadata"].get("ownerReferences")
    ]


def _not_compared(
    graph: Graph, resources: Iterable[Resource], live: Mapping[str, dict[str, Any]]
) -> Iterable[tuple[str, str]]:
    releases = (item.name for item in graph.resources if item.is_release)
    yield from ((f"Release {name}", "what it brings is Helm's to know") for name in sorted(releases))
    unknown = [one for one in resources if one.urn in live and not is_complete(one)]
    reason = "it is there; one of its values is known to a cloud, or is a secret of the stack file"
    yield from zip(sorted(str(key_of(one.inputs)) for one in unknown), itertools.repeat(reason), strict=False)
