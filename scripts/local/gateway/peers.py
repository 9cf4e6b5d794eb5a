"""Asking the other replicas of the gateway what they have loaded.

Why: Knative sends traffic as soon as an Ingress is Ready; a replica that does not know it yet would answer 404.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from .objects import Slice
from .settings import Settings

# 1 s: the peers are on the same network; one that does not answer is asked again at the next pass.
ASK_SECONDS = 1.0


def peer_addresses(slices: Iterable[Slice], settings: Settings) -> tuple[str, ...]:
    """The ready pods of the gateway but our own. Without our own address nothing is known and nobody is asked."""
    if not settings.pod_ip:
        return ()
    found = {
        address.ip
        for item in slices
        if (item.namespace, item.service) == (settings.peer_namespace, settings.peer_service)
        for group in item.addresses.values()
        for address in group
        if address.ready
    }
    return tuple(sorted(found - {settings.pod_ip}))


def ask(address: str, port: int) -> dict[str, str]:
    """What one peer has applied; nothing when it does not answer, which counts as not confirmed."""
    connection = http.client.HTTPConnection(address, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", "/applied")
        answer = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()
    return {str(key): str(value) for key, value in answer.items()} if isinstance(answer, Mapping) else {}


def unconfirmed(
    wanted: Mapping[str, str], peers: Sequence[str], asker: Callable[[str], Mapping[str, str]]
) -> frozenset[str]:
    """Of the wanted (name -> hash), those that some peer has not applied in just this version."""
    if not wanted:
        return frozenset()
    answers = [asker(peer) for peer in peers]
    return frozenset(name for name, value in wanted.items() if any(answer.get(name) != value for answer in answers))
