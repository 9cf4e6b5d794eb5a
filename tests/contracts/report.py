"""What a stack's program sends to its cloud, held against the cloud's models: faults, and how much was checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scripts.engine.graph import PROVIDER_PREFIX, Graph, Resource
from scripts.engine.rules import package_of
from tests.contracts.provider_defaults import with_defaults
from tests.contracts.rows import ROWS, model_of
from tests.contracts.walk import Fault, Outcome, Walk

NO_CLOUD = frozenset({"kubernetes", "pulumi"})
"""Packages whose resources go to no cloud's API: their objects are checked by a Kubernetes API server."""
NO_ROW = Fault("", "", "no row says which request of the API it is", "write one in tests/contracts/*_rows.py")


@dataclass
class TypeReport:
    """The resources of one type."""

    resources: int = 0
    checked: int = 0
    """Properties whose name and value the model allows."""
    unknown: int = 0
    """Values that are known only once something else exists; of properties the name is checked."""
    not_covered: dict[str, str] = field(default_factory=dict)
    """Properties that no model has, each with what it is to the provider."""
    deprecated: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count one more resource."""
        self.resources += 1
        self.checked += len(outcome.checked)
        self.unknown += len(outcome.unknown)
        self.not_covered |= outcome.not_covered
        self.deprecated = sorted({*self.deprecated, *outcome.deprecated})


@dataclass(frozen=True)
class StackReport:
    """One stack."""

    stack: str
    faults: tuple[str, ...]
    types: dict[str, TypeReport]

    def to_json(self) -> dict[str, Any]:
        """For a file."""
        return asdict(self)

    def total(self, number: str) -> int:
        """`resources`, `checked`, `unknown` or the amount of `not_covered` of all types."""
        values = [getattr(one, number) for one in self.types.values()]
        return sum(value if isinstance(value, int) else len(value) for value in values)

    def summary(self) -> str:
        """One line."""
        return (
            f"{self.stack}: {self.total('resources')} cloud resources: {self.total('checked')} arguments checked, "
            f"{self.total('unknown')} known only once made, {self.total('not_covered')} that no model covers, "
            f"{len(self.faults)} faults"
        )

    def lines(self) -> Iterable[str]:
        """For a person."""
        yield self.summary()
        for name, one in sorted(self.types.items()):
            yield f"  {name} x {one.resources}: {one.checked} checked, {one.unknown} known only once made"
            yield from (f"    not covered: {path}: {why}" for path, why in sorted(one.not_covered.items()))
            yield from (f"    deprecated by the API: {path}" for path in one.deprecated)
        yield from (f"  ✗ {fault}" for fault in self.faults)


def check_resources(stack: str, resources: Sequence[Resource]) -> StackReport:
    """Hold every cloud resource against its row; what is only read is sent to nobody."""
    faults: list[str] = []
    types: dict[str, TypeReport] = {}
    settings = {item.urn: item.inputs for item in resources if item.type.startswith(PROVIDER_PREFIX)}
    for resource in resources:
        if not goes_to_a_cloud(resource):
            continue
        outcome = check(resource.type, resource.inputs, settings.get(resource.provider))
        types.setdefault(resource.type, TypeReport()).add(outcome)
        faults += [f"{stack}: {resource.urn}: {fault}" for fault in outcome.faults]
    return StackReport(stack, tuple(faults), types)


def check_graph(graph: Graph) -> StackReport:
    """The report of a stack's graph."""
    return check_resources(graph.stack, graph.resources)


def goes_to_a_cloud(resource: Resource) -> bool:
    """Whether its inputs are arguments to a cloud's API."""
    return resource.custom and not resource.read and package_of(resource.type) not in NO_CLOUD


def check(resource_type: str, inputs: dict[str, Any], settings: dict[str, Any] | None = None) -> Outcome:
    """What became of one resource's inputs, and of what its provider adds to them from its `settings`."""
    row = ROWS.get(resource_type)
    if row is None:
        return Outcome(faults=[NO_ROW])
    if settings is not None:
        inputs = with_defaults(inputs, settings, row, model_of(row.model).root(row.request))
    return Walk(row, model_of).run(inputs)
