"""What a person wants to see of a stack before anything exists: resources by component, cost, what a change does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scripts.engine.differences import Difference, differences, shown
from scripts.engine.graph import PROVIDER_PREFIX, STACK_TYPE, Graph, Resource
from scripts.engine.wire import masked


@dataclass(frozen=True)
class Branch:
    """A component of the tree: what it holds itself, and the components under it."""

    name: str
    type: str
    kinds: dict[str, int]
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Changes:
    """What differs from another commit; `changed` maps a URN to its differences."""

    base: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[Difference, ...]]


@dataclass(frozen=True)
class StackReport:
    """One stack's preview."""

    graph: Graph
    cost: str
    changes: Changes | None


def changes_since(base: str, before: Graph, now: Graph) -> Changes:
    """Added, removed and changed resources."""
    found = differences(now.by_urn(), before.by_urn())
    changed: dict[str, list[Difference]] = {}
    for item in found:
        if item.what not in ("extra", "missing"):
            changed.setdefault(item.urn, []).append(item)
    return Changes(
        base,
        tuple(item.urn for item in found if item.what == "extra"),
        tuple(item.urn for item in found if item.what == "missing"),
        {urn: tuple(items) for urn, items in changed.items()},
    )


def kind_of(resource: Resource) -> str:
    """A short word for a resource: `Deployment`, `NodePool`, `provider`."""
    if resource.type.startswith(PROVIDER_PREFIX):
        return f"{resource.type.removeprefix(PROVIDER_PREFIX)} provider"
    return resource.type.rsplit(":", 1)[-1]


def tree(graph: Graph) -> Branch:
    """Components as they lie in each other, each with the number of its resources by kind."""
    children: dict[str, list[Resource]] = {}
    for resource in graph.resources:
        children.setdefault(resource.parent, []).append(resource)

    def branch(resource: Resource) -> Branch:
        below = children.get(resource.urn, [])
        own = Counter(kind_of(item) for item in below if item.custom)
        inner = sorted((item for item in below if not item.custom), key=lambda item: item.urn)
        return Branch(resource.name, resource.type, dict(sorted(own.items())), tuple(branch(item) for item in inner))

    roots = [resource for resource in graph.resources if resource.type == STACK_TYPE]
    return branch(roots[0]) if roots else Branch(graph.stack, STACK_TYPE, {}, ())


def counts(graph: Graph) -> dict[str, int]:
    """How many there are of what."""
    resources = [resource for resource in graph.resources if resource.type != STACK_TYPE]
    return {
        "resources": len(resources),
        "components": sum(not resource.custom for resource in resources),
        "kubernetes_objects": len(graph.kubernetes_objects()),
        "releases": sum(resource.is_release for resource in resources),
        "cloud_resources": sum(_is_cloud(resource) for resource in resources),
    }


def _is_cloud(resource: Resource) -> bool:
    known = resource.type.startswith((PROVIDER_PREFIX, "kubernetes:", "pulumi:"))
    return resource.custom and not known


def as_json(report: StackReport) -> dict[str, Any]:
    """The report for programs."""
    graph = report.graph
    types = Counter(resource.type for resource in graph.resources)
    answer: dict[str, Any] = {
        "stack": graph.stack,
        "counts": counts(graph),
        "by_type": dict(sorted(types.items())),
        "cost": report.cost,
        "outputs": masked(graph.outputs, unknown="<unknown>"),
        "resources": [
            {"urn": item.urn, "type": item.type, "name": item.name, "parent": item.parent} for item in graph.resources
        ],
    }
    if report.changes is not None:
        answer["changes"] = {
            "base": report.changes.base,
            "added": list(report.changes.added),
            "removed": list(report.changes.removed),
            "changed": {urn: [str(item) for item in items] for urn, items in report.changes.changed.items()},
        }
    return answer


def as_text(report: StackReport) -> str:
    """The report for a terminal."""
    lines = [f"stack {report.graph.stack}: {_counted(report.graph)}", *_branch_lines(tree(report.graph), 1)]
    lines.append(f"  cost: {report.cost}")
    lines += [f"  output {name}: {shown(value)}" for name, value in sorted(report.graph.outputs.items())]
    if report.changes is not None:
        lines += _change_lines(report.changes)
    return "\n".join(lines)


def as_markdown(report: StackReport) -> str:
    """The report for a pull request: the change first, details folded."""
    lines = [f"### Stack `{report.graph.stack}`", "", _counted(report.graph), "", f"**Cost:** {report.cost}", ""]
    if report.changes is not None:
        lines += ["```diff", *_diff_lines(report.changes), "```", ""]
    lines += ["<details><summary>Resources</summary>", "", "```"]
    lines += [*_branch_lines(tree(report.graph), 0), "```", "", "</details>"]
    return "\n".join(lines)


def _counted(graph: Graph) -> str:
    parts = [f"{number} {name.replace('_', ' ')}" for name, number in counts(graph).items() if number]
    return ", ".join(parts) or "nothing"


def _branch_lines(branch: Branch, depth: int) -> Iterator[str]:
    kinds = ", ".join(f"{kind} {number}" if number > 1 else kind for kind, number in branch.kinds.items())
    yield f"{'  ' * depth}{branch.name} ({branch.type}){': ' + kinds if kinds else ''}"
    for inner in branch.branches:
        yield from _branch_lines(inner, depth + 1)


def _change_lines(changes: Changes) -> Iterable[str]:
    yield f"  since {changes.base}: {_change_counts(changes)}"
    for line in _diff_lines(changes):
        yield f"    {line}"


def _change_counts(changes: Changes) -> str:
    return f"{len(changes.added)} added, {len(changes.removed)} removed, {len(changes.changed)} changed"


def _diff_lines(changes: Changes) -> Iterator[str]:
    if not (changes.added or changes.removed or changes.changed):
        yield f"  no change since {changes.base}"
    yield from (f"+ {_short(urn)}" for urn in changes.added)
    yield from (f"- {_short(urn)}" for urn in changes.removed)
    for urn, items in changes.changed.items():
        yield f"! {_short(urn)}"
        for item in items:
            yield f"!     {item.what} {item.path}: {shown(item.theirs)} -> {shown(item.ours)}"


def _short(urn: str) -> str:
    """Without stack and project, which are the same on every line."""
    return "::".join(urn.split("::")[2:])
