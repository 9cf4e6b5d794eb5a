"""The status of a Knative Ingress: pure, from what is known to what should be written.

Why: Knative's Route waits for `Ready` at the observed generation and then points its Service at the load balancer
named here; a wrong word here is a Route that never comes up, or one that comes up too early.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .objects import Json, metadata
from .settings import Settings

READY, NETWORK, BALANCER = "Ready", "NetworkConfigured", "LoadBalancerReady"


def desired_status(item: Json, faults: Sequence[str], settings: Settings, now: str) -> dict[str, Any] | None:
    """The status to write, or None when the object already says so. No faults means: loaded by every gateway."""
    old: Mapping[str, Any] = item.get("status") or {}
    known = {str(condition.get("type")): condition for condition in old.get("conditions") or ()}
    message = "; ".join(faults)
    states = {BALANCER: ("True", "", ""), NETWORK: ("True", "", ""), READY: ("True", "", "")}
    if faults:
        states[NETWORK] = states[READY] = ("False", "IngressFaulty", message)
    conditions = [_condition(kind, states[kind], known.get(kind), now) for kind in sorted(states)]
    status = {
        "observedGeneration": int(metadata(item).get("generation") or 0),
        "conditions": conditions,
        "publicLoadBalancer": {"ingress": [{"domainInternal": settings.public_domain}]},
        "privateLoadBalancer": {"ingress": [{"domainInternal": settings.private_domain}]},
    }
    return None if all(old.get(name) == value for name, value in status.items()) else status


def is_ready(item: Json) -> bool:
    """Whether the object says Ready for its present generation."""
    status = item.get("status") or {}
    conditions = status.get("conditions") or ()
    ready = any(entry.get("type") == READY and entry.get("status") == "True" for entry in conditions)
    return ready and status.get("observedGeneration") == metadata(item).get("generation")


def _condition(kind: str, wanted: tuple[str, str, str], old: Json | None, now: str) -> dict[str, str]:
    state, reason, message = wanted
    same = old is not None and old.get("status") == state
    changed = str(old.get("lastTransitionTime") or now) if same and old is not None else now
    result = {"type": kind, "status": state, "lastTransitionTime": changed}
    if reason:
        result["reason"] = reason
    if message:
        result["message"] = message
    return result
