"""Holds one resource's inputs against the model of the API that its provider calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from scripts.engine.wire import MASK, UNKNOWN, is_secret
from tests.contracts.rules import At, Keys, NotCovered, Pairs, Row, Rule
from tests.contracts.scalars import converted, json_type, scalar_problem, size_problem
from tests.contracts.schema import Field, Kind, Model, Schema, field_of, spelled, step

Models = Callable[[str], Model]


@dataclass(frozen=True)
class Fault:
    """One argument that the API would refuse."""

    path: str
    value: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.problem}; {self.allowed}".removeprefix(" = : ")


@dataclass
class Outcome:
    """What became of a resource's properties; each path is in `checked`, `unknown` or `not_covered`, or is a fault."""

    faults: list[Fault] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """The name was checked; the value is known only once something else exists."""
    not_covered: dict[str, str] = field(default_factory=dict)
    deprecated: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """One place of the inputs beside the place of the API that it is."""

    schema: Schema
    path: str
    """With indices, as a person finds it."""
    rule: str
    """Without indices, as rules name it."""
    api: str
    """The API's path with indices, after `request:`."""
    hidden: bool = False


class Walk:
    """One resource."""

    def __init__(self, row: Row, models: Models) -> None:
        self._row = row
        self._models = models
        self._reached: set[str] = set()
        self._objects: dict[str, Place] = {}
        self.outcome = Outcome()

    def run(self, inputs: dict[str, Any]) -> Outcome:
        """Check everything and return what was found."""
        root = self._models(self._row.model).root(self._row.request)
        self._value(inputs, Place(root, "", "", f"{self._row.request}:"))
        self._require()
        return self.outcome

    def _fault(self, place: Place, value: Any, problem: str, allowed: str) -> None:
        shown = MASK if place.hidden else repr(value)
        self.outcome.faults.append(Fault(place.path, shown, problem, allowed))

    def _value(self, value: Any, place: Place) -> None:
        if is_secret(value):
            self._value(value["value"], replace(place, hidden=True))
        elif value == UNKNOWN:
            if not place.path or place.path.endswith("]"):  # a property is counted where its name is
                self.outcome.unknown.append(place.path)
        elif place.schema.kind is Kind.OBJECT:
            self._object(value, place)
        elif place.schema.kind is Kind.ARRAY:
            self._array(value, place)
        elif place.schema.kind is Kind.MAP:
            self._map(value, place)
        elif problem := scalar_problem(value, place.schema):
            self._fault(place, value, *problem)

    def _wanted(self, value: Any, wanted: type, place: Place) -> bool:
        if isinstance(value, wanted):
            return True
        problem = f"{json_type(value)} where {place.schema.kind} is wanted"
        self._fault(place, value, problem, place.schema.name)
        return False

    def _size(self, value: Any, unit: str, place: Place) -> None:
        """Providers leave out an empty list or map: it is sent to nobody that could want more."""
        if value and (problem := size_problem(len(value), place.schema, unit)):
            self._fault(place, value, *problem)

    def _object(self, value: Any, place: Place) -> None:
        if not self._wanted(value, dict, place):
            return
        self._objects[place.api] = place
        for key, item in value.items():
            if item is not None:
                self._property(key, item, place)

    def _array(self, value: Any, place: Place) -> None:
        if not self._wanted(value, list, place):
            return
        self._size(value, "elements", place)
        assert place.schema.items is not None
        for index, item in enumerate(value):
            self._value(item, replace(_indexed(place, index), schema=place.schema.items))

    def _map(self, value: Any, place: Place) -> None:
        if not self._wanted(value, dict, place):
            return
        self._size(value, "entries", place)
        for key, item in value.items():
            self._pair(key, item, place, place.schema.keys, place.schema.items)

    def _pair(self, key: str, item: Any, place: Place, keys: Schema | None, items: Schema | None) -> None:
        below = replace(place, path=f"{place.path}[{key!r}]")
        if keys is not None and (problem := scalar_problem(key, keys)):
            self._fault(below, key, *problem)
        if items is not None:
            self._value(item, replace(below, schema=items))

    def _property(self, key: str, value: Any, holder: Place) -> None:
        place = replace(holder, path=_joined(holder.path, key), rule=_joined(holder.rule, key))
        if is_secret(value):
            value, place = value["value"], replace(place, hidden=True)
        rule = self._row.fields.get(place.rule)
        if isinstance(rule, NotCovered):
            self.outcome.not_covered[place.path] = rule.why
        elif rule is not None:
            self._count(value, place)
            self._ruled(value, rule, place)
        elif found := field_of(holder.schema, key):
            self._count(value, place)
            self._field(value, *found, place)
        else:
            self._fault(place, value, "the model does not know it", self._names(key, holder))

    def _names(self, key: str, holder: Place) -> str:
        """What stands at a place, as the provider names it, the likeliest first."""
        ruled = {path.rpartition(".")[2] for path in self._row.fields if path.rpartition(".")[0] == holder.rule}
        names = sorted(ruled | set(map(spelled, holder.schema.fields)))
        near = get_close_matches(key, names, n=1)
        return (f"{near[0]}? " if near else "") + f"{holder.schema.name} has {', '.join(names)}"

    def _count(self, value: Any, place: Place) -> None:
        (self.outcome.unknown if value == UNKNOWN else self.outcome.checked).append(place.path)

    def _field(self, value: Any, name: str, found: Field, place: Place) -> None:
        api = _joined(place.api, name)
        self._reached.add(api)
        if found.deprecated:
            self.outcome.deprecated.append(place.path)
        if found.output_only:
            self._fault(place, value, "only the cloud sets it", f"{found.schema.name} is output")
        self._value(value, replace(place, schema=found.schema, api=api))

    def _ruled(self, value: Any, rule: Rule, place: Place) -> None:
        if isinstance(rule, Pairs):
            self._pairs(value, rule, place)
            return
        if isinstance(rule, Keys):
            self._keys(value, rule, place)
            return
        for at in rule if isinstance(rule, tuple) else (rule,) if isinstance(rule, At) else ():
            self._at(value, at, place)

    def _pairs(self, value: Any, rule: Pairs, place: Place) -> None:
        if value == UNKNOWN or not self._wanted(value, dict, replace(place, schema=MAP)):
            return
        for index, (key, item) in enumerate(value.items()):
            keys, items = (self._target(to, place, index) for to in (rule.key, rule.value))
            self._pair(key, item, place, keys.schema, items.schema)

    def _keys(self, value: Any, rule: Keys, place: Place) -> None:
        if value == UNKNOWN or not self._wanted(value, list, replace(place, schema=LIST)):
            return
        target = self._target(rule.to, place)
        for index, key in enumerate(value):
            self._value(key, replace(target, path=f"{place.path}[{index}]", schema=target.schema.keys or TEXT))

    def _at(self, value: Any, rule: At, place: Place) -> None:
        if not rule.each or value == UNKNOWN:
            self._placed(value, rule, self._target(rule.to, place))
        elif self._wanted(value, list, replace(place, schema=LIST)):
            for index, item in enumerate(value):
                target = self._target(rule.to, place, index)
                self._placed(item, rule, replace(target, path=f"{place.path}[{index}]"))

    def _placed(self, value: Any, rule: At, place: Place) -> None:
        if rule.converted and value != UNKNOWN:
            value = converted(value, place.schema.kind)
        if rule.template and isinstance(value, str) and value != UNKNOWN and "/" not in value:
            value = rule.template.format(value)
        self._value(value, place)

    def _target(self, to: str, place: Place, index: int = 0) -> Place:
        """The place of the API that a rule names, everything on the way to it reached."""
        schema, api, path = target_root(self._row, self._models, to, place)
        steps = path.split(".") if path else []
        last_array = max((at for at, name in enumerate(steps) if name.endswith("[]")), default=-1)
        for at, name in enumerate(steps):
            self._objects.setdefault(api, replace(place, schema=schema, api=api))
            bare = name.removesuffix("[]")
            self._reached.add(_joined(api, bare))
            schema = step(schema, name)
            api = _joined(api, bare) + (f"[{index if at == last_array else 0}]" if bare != name else "")
        return replace(place, schema=schema, api=api)

    def _require(self) -> None:
        for api, place in self._objects.items():
            if api.endswith(":") and api != f"{self._row.request}:":
                continue  # another request of the same provider: it fills in whose attribute it changes
            for name in sorted(place.schema.required):
                field_path = _joined(api, name)
                if field_path not in self._reached and name not in self._row.filled:
                    at = replace(place, path=_joined(place.path, spelled(name)))
                    self._fault(at, None, "missing", f"{place.schema.name} requires {name}")


MAP = Schema(Kind.MAP, "the provider's map")
LIST = Schema(Kind.ARRAY, "the provider's list")
TEXT = Schema(Kind.STRING, "a key")


def target_root(row: Row, models: Models, to: str, holder: Place) -> tuple[Schema, str, str]:
    """Where a rule's path starts: the schema, the API's path of it, and the path that is left."""
    if ":" not in to:
        return holder.schema, holder.api, to
    head, _, path = to.partition(":")
    model, _, root = head.rpartition("/")
    return models(model or row.model).root(root), f"{head}:", path


def _indexed(place: Place, index: int) -> Place:
    return replace(place, path=f"{place.path}[{index}]", api=f"{place.api}[{index}]")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and not path.endswith(":") else f"{path}{name}"
