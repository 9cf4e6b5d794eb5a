"""The order in which a new configuration reaches Envoy: make before break.

Why: Envoy takes clusters and routes from different files in its own time. A route that names a cluster which is not
there yet, or not any more, answers 503 for that moment. So new clusters go first, routes next, and old clusters leave
last.
"""

from __future__ import annotations

from dataclasses import replace

from .routes import XdsSet


def steps(old: XdsSet | None, new: XdsSet, expired: frozenset[str] = frozenset()) -> tuple[XdsSet, ...]:
    """The configurations to publish one after another, each loaded by Envoy before the next.

    Clusters that `new` no longer has stay beside it, but for the expired: those that no published route has named for
    long enough that nothing can be using them.
    """
    if old is None:
        return (new,)
    kept = {name: value for name, value in old.clusters.items() if name not in expired}
    endpoints = {name: value for name, value in old.endpoints.items() if name in kept and name not in new.clusters}
    union = replace(new, clusters={**kept, **new.clusters}, endpoints={**endpoints, **new.endpoints})
    added = set(new.clusters) - set(old.clusters)
    routes_change = old.routes != new.routes or old.listeners != new.listeners
    if added and routes_change:
        return (replace(union, routes=old.routes, listeners=old.listeners), union)
    return (union,)


def stale(published: XdsSet, wanted: XdsSet) -> frozenset[str]:
    """Clusters that are published and no longer wanted."""
    return frozenset(set(published.clusters) - set(wanted.clusters))
