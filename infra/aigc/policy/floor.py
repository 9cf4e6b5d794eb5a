"""A rule for production: what people wait for does not stand on machines that may all be taken back at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aigc.catalog.kinds import CapacityType
from aigc.catalog.labels import CAPACITY_LABEL, POOL_LABEL
from aigc.policy.pods import pod_specs, pools
from aigc.policy.rule import Finding, Rule, Weight
from aigc.policy.view import StackView, items, mapping

_STAYS = (CapacityType.ON_DEMAND, CapacityType.RESERVED)


def _floor(stack: StackView) -> Iterator[Finding]:
    if not stack.production:
        return
    capacity = {str(pool.labels.get(POOL_LABEL)): pool.labels.get(CAPACITY_LABEL) for pool in pools(stack)}
    for item, pod in pod_specs(stack):
        chosen = [name for name in _chosen(pod) if name in capacity]
        if chosen and not any(capacity[name] in _STAYS for name in chosen):
            problem = f"its pods land on {', '.join(f'{name} ({capacity[name]})' for name in chosen)} alone"
            way_out = "give it an on-demand pool, and name those in overflow_pools"
            yield Finding(item.urn, f"{problem}, whose machines may all go at once", way_out)


def _chosen(pod: Mapping[str, Any]) -> Iterator[str]:
    """Pools that the pod may land on, as far as it says so by our label."""
    selected = mapping(pod.get("nodeSelector")).get(POOL_LABEL)
    if isinstance(selected, str):
        yield selected
    affinity = mapping(mapping(pod.get("affinity")).get("nodeAffinity"))
    required = mapping(affinity.get("requiredDuringSchedulingIgnoredDuringExecution"))
    for term in items(required.get("nodeSelectorTerms")):
        for one in map(mapping, items(mapping(term).get("matchExpressions"))):
            if one.get("key") == POOL_LABEL and one.get("operator") == "In":
                yield from (str(value) for value in items(one.get("values")))


RULES = (Rule("production-has-a-floor", "Production stands on more than spot.", Weight.MANDATORY, _floor),)
