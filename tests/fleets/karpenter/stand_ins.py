"""What of Karpenter's own objects is not applied as it was rendered, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.fleets.stand_ins import StandIn

Body = dict[str, Any]

NODE_POOL = ("karpenter.sh/v1", "NodePool")
EC2_NODE_CLASS = ("karpenter.k8s.aws/v1", "EC2NodeClass")
KWOK_GROUP, KWOK_VERSION, KWOK_KIND = "karpenter.kwok.sh", "v1alpha1", "KWOKNodeClass"
HURRIED_EMPTY_SECONDS = 15
"""How long an empty node stays where nobody waits for the stack's five minutes."""


def kind_of(body: Body) -> tuple[str | None, str | None]:
    """API version and kind; a Release has none."""
    return body.get("apiVersion"), body.get("kind")


def simulated(bodies: Iterable[Body], *, hurry: bool) -> tuple[list[Body], list[StandIn]]:
    """Node classes and NodePools of a stack as they are applied, in their order, and all that differs."""
    made: list[Body] = []
    differences: list[StandIn] = []
    for body in bodies:
        name = f"{body.get('kind')} {body.get('metadata', {}).get('name')}"
        if kind_of(body) == EC2_NODE_CLASS:
            made.append(_node_class(body))
            differences.append(StandIn(name, f"is a {KWOK_KIND}: nothing is made of image, network and disk"))
        elif kind_of(body) == NODE_POOL:
            pool, difference = _sooner(_by_kwok(body)) if hurry else (_by_kwok(body), None)
            made.append(pool)
            differences.append(StandIn(name, f"its nodeClassRef names the {KWOK_KIND} of the same name"))
            differences += [StandIn(name, difference)] if difference else []
    return made, differences


def empty_seconds(pool: Body) -> int:
    """For how long a NodePool keeps a node without pods.

    Raises:
        ValueError: it keeps them in another way than ours do.
    """
    disruption = pool["spec"]["disruption"]
    found = re.fullmatch(r"(\d+)s", disruption["consolidateAfter"])
    if disruption["consolidationPolicy"] != "WhenEmpty" or found is None:
        raise ValueError(f"NodePool {pool['metadata']['name']}: {disruption} is no time that empty nodes are kept")
    return int(found[1])


def _node_class(body: Body) -> Body:
    """A node of it registers at once; only its name is the rendered one's."""
    return {
        "apiVersion": f"{KWOK_GROUP}/{KWOK_VERSION}",
        "kind": KWOK_KIND,
        "metadata": {"name": body["metadata"]["name"]},
        "spec": {},
    }


def _by_kwok(body: Body) -> Body:
    template = body["spec"]["template"]
    reference = {"group": KWOK_GROUP, "kind": KWOK_KIND, "name": template["spec"]["nodeClassRef"]["name"]}
    spec = {**template["spec"], "nodeClassRef": reference}
    return {**body, "spec": {**body["spec"], "template": {**template, "spec": spec}}}


def _sooner(body: Body) -> tuple[Body, str | None]:
    seconds = empty_seconds(body)
    if seconds <= HURRIED_EMPTY_SECONDS:
        return body, None
    disruption = {**body["spec"]["disruption"], "consolidateAfter": f"{HURRIED_EMPTY_SECONDS}s"}
    what = f"an empty node goes after {HURRIED_EMPTY_SECONDS} s and not {seconds}: nobody waits for that here"
    return {**body, "spec": {**body["spec"], "disruption": disruption}}, what
