"""The resources of a stack as components that lie in each other, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.engine.graph import PROVIDER_PREFIX, STACK_TYPE, Graph, Resource

LAYERS = ("clouds", "cluster", "foundation", "serving", "autoscaling", "observability")
"""In the order in which they are made; a component's type token names its own: `aigc:<layer>:<Class>`."""
OTHER = "other"


@dataclass(frozen=True)
class Branch:
    """A component of the tree: what it holds itself, and the components under it."""

    name: str
    type: str
    kinds: dict[str, int]
    branches: tuple[Branch, ...]


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


def by_layer(graph: Graph) -> dict[str, tuple[Branch, ...]]:
    """The components right under the stack by their layer, in the order of the layers; empty layers are left out."""
    found: dict[str, list[Branch]] = {}
    for branch in tree(graph).branches:
        found.setdefault(layer_of(branch.type), []).append(branch)
    return {layer: tuple(found[layer]) for layer in (*LAYERS, OTHER) if layer in found}


def layer_of(component_type: str) -> str:
    """`serving` of `aigc:serving:Endpoint`."""
    parts = component_type.split(":")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else OTHER


def branch_lines(branch: Branch, depth: int) -> Iterator[str]:
    """A component and all under it, a line each."""
    kinds = ", ".join(f"{kind} {number}" if number > 1 else kind for kind, number in branch.kinds.items())
    yield f"{'  ' * depth}{branch.name} ({branch.type}){': ' + kinds if kinds else ''}"
    for inner in branch.branches:
        yield from branch_lines(inner, depth + 1)


def layer_lines(graph: Graph) -> Iterator[str]:
    """Every layer with its components; what lies in no component stands first."""
    root = tree(graph)
    if root.kinds:
        yield from branch_lines(Branch(root.name, root.type, root.kinds, ()), 0)
    for layer, branches in by_layer(graph).items():
        yield layer
        for branch in branches:
            yield from branch_lines(branch, 1)


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
