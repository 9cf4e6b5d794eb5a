"""Zones that nodes of a Karpenter pool may be in: those that it names, where its class also finds a subnet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aigc.policy.view import NotKnown, ResourceView, StackView, items, mapping

_ZONE = "topology.kubernetes.io/zone"
_SUBNET = "aws:ec2/subnet:Subnet"
_NODE_CLASSES = ("EC2NodeClass", "NodeClass")
"""Of Karpenter on EKS and of EKS Auto Mode: both select subnets by the same terms."""


def zones_of(pools: Iterable[ResourceView], stack: StackView) -> object:
    """Names of the zones of NodePools that make one pool; None: neither they nor the stack say, as where subnets are
    selected by their ids.

    It is `NotKnown` where a value that the cloud has yet to give decides.
    """
    each = [_zones_of(pool, stack) for pool in pools]
    for unsaid in (zones for zones in each if not isinstance(zones, tuple)):
        return unsaid
    return tuple(dict.fromkeys(zone for zones in each if isinstance(zones, tuple) for zone in zones))


def _zones_of(pool: ResourceView, stack: StackView) -> object:
    spec = mapping(mapping(mapping(pool.inputs.get("spec")).get("template")).get("spec"))
    wanted = [mapping(one) for one in items(spec.get("requirements")) if mapping(one).get("key") == _ZONE]
    asked, found = _named(wanted, "In"), _found(mapping(spec.get("nodeClassRef")).get("name"), stack)
    known = [zones for zones in (*asked, found) if zones is not None]
    if not known:
        return None
    left_out = _named(wanted, "NotIn")
    if any(isinstance(zone, NotKnown) for zones in (*known, *left_out) for zone in zones):
        return NotKnown()
    in_all = (zone for zone in dict.fromkeys(known[0]) if all(zone in zones for zones in known))
    return tuple(zone for zone in in_all if not any(zone in zones for zones in left_out))


def _named(wanted: Sequence[Mapping[str, Any]], operator: str) -> list[Sequence[Any]]:
    """The values of each requirement with this operator; of values that are not known as a whole, one unknown."""
    values = (one.get("values") for one in wanted if one.get("operator") == operator)
    return [[one] if isinstance(one, NotKnown) else items(one) for one in values]


def _found(node_class: object, stack: StackView) -> Sequence[Any] | None:
    """Zones of the stack's subnets that the class selects by their tags; None where it selects none of the stack's."""
    kinds = (one for kind in _NODE_CLASSES for one in stack.objects(kind))
    classes = [one for one in kinds if one.metadata.get("name") == node_class]
    terms = [
        mapping(mapping(term).get("tags"))
        for one in classes
        for term in items(mapping(one.inputs.get("spec")).get("subnetSelectorTerms"))
    ]
    return [subnet.inputs.get("availabilityZone") for subnet in _selected(terms, stack)] or None


def _selected(terms: list[Mapping[str, Any]], stack: StackView) -> Iterator[ResourceView]:
    """Subnets with all tags of one term; `*` is any value (karpenter.sh, NodeClasses, spec.subnetSelectorTerms)."""
    for subnet in stack.of_type(_SUBNET):
        tags = mapping(subnet.inputs.get("tags"))
        if any(term and all(_is(tags, key, value) for key, value in term.items()) for term in terms):
            yield subnet


def _is(tags: Mapping[str, Any], key: str, value: object) -> bool:
    return key in tags and value in ("*", tags[key])
