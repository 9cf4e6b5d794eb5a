"""What is not applied as it was rendered, each with its reason: all that simulation changes is in this list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from aigc.foundation.keda import COMPONENT as KEDA
from tests.fleets.control_plane import AUTOSCALER_SECONDS
from tests.fleets.footprints import KNATIVE_OPERATOR_KIND, footprints

Body = dict[str, Any]

DEFINED_BY_OTHERS = {
    ("cloud.google.com/v1", "ComputeClass"): ("computeclasses", "Cluster"),
    ("karpenter.sh/v1", "NodePool"): ("nodepools", "Cluster"),
    ("karpenter.k8s.aws/v1", "EC2NodeClass"): ("ec2nodeclasses", "Cluster"),
    ("eks.amazonaws.com/v1", "NodeClass"): ("nodeclasses", "Cluster"),
    ("karpenter.azure.com/v1beta1", "AKSNodeClass"): ("aksnodeclasses", "Cluster"),
}
"""Kinds of a cloud's own controllers -> plural and scope: accepted whatever they hold, and acted on by nobody."""
_RETENTION = "autoscaling.knative.dev/scale-to-zero-pod-retention-period"
_NOT_DECLARED = "nothing takes room: what its pods request is declared nowhere here"
_KEDA = (
    "its operator and its metrics API are processes of the pinned version, with an administrator's rights and without "
    "an election; what they ask Prometheus is answered with the load of the scene"
)
_UNSEEN_REGISTRY = "registries-skipping-tag-resolving"


@dataclass(frozen=True)
class StandIn:
    """One difference from what was rendered."""

    of: str
    what: str


CONTROL_PLANE = StandIn(
    "HorizontalPodAutoscalers", f"they are looked at every {AUTOSCALER_SECONDS} s, and not every 15 s as by default"
)
"""What a play's own control plane does otherwise, where a stack has any."""


def difference(body: Body) -> StandIn | None:
    """Why a rendered document is not applied as it is; None: it is, byte for byte."""
    release = body.get("release")
    if release is None and (body["apiVersion"], body["kind"]) != KNATIVE_OPERATOR_KIND:
        return None
    size = "; ".join(str(one) for one in footprints(body))
    room = f"pods that do nothing take the room of {size}" if size else _NOT_DECLARED
    if release:
        acting = f"{_KEDA}; " if release["name"] == KEDA else ""
        return StandIn(f"Release {release['namespace']}/{release['name']}", f"{acting}{room}")
    config = "its spec.config is written into Knative's own ConfigMaps, as its operator would"
    return StandIn("KnativeServing", f"{config}; {room}; of its gateway {_NOT_DECLARED}")


def hurried(body: Body) -> tuple[Body, StandIn | None]:
    """What keeps idle replicas, or makes more of them, for minutes: with seconds in their place."""
    if body.get("kind") == "ScaledObject":
        return _hurried_scaler(body)
    if body.get("apiVersion") == "serving.knative.dev/v1":
        return _hurried_service(body)
    return body, None


def _hurried_scaler(body: Body) -> tuple[Body, StandIn]:
    """Twice or half the replicas at every look, without the window that its own keeps them for."""
    at_once = {
        "stabilizationWindowSeconds": 0,
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": AUTOSCALER_SECONDS}],
    }
    own = body["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    config = {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": at_once, "scaleDown": at_once}}}
    what = (
        f"replicas double every {AUTOSCALER_SECONDS} s and go at once, and are not kept for "
        f"{own['stabilizationWindowSeconds']} s"
    )
    return {**body, "spec": {**body["spec"], "advanced": config}}, StandIn(
        f"ScaledObject {body['metadata']['name']}", what
    )


def _hurried_service(body: Body) -> tuple[Body, StandIn | None]:
    metadata = body["spec"]["template"]["metadata"]
    kept = metadata["annotations"].get(_RETENTION)
    if kept in (None, "0s"):
        return body, None
    annotations = {**metadata["annotations"], _RETENTION: "0s"}
    template = {**body["spec"]["template"], "metadata": {**metadata, "annotations": annotations}}
    what = f"the last replica is kept for no longer than the window, and not {kept}: nobody waits for that here"
    return {**body, "spec": {**body["spec"], "template": template}}, StandIn(
        f"Service {body['metadata']['name']}", what
    )


def definitions(bodies: Iterable[Body]) -> Iterator[Body]:
    """Definitions for the kinds among rendered documents that no package here brings."""
    kinds = {(body["apiVersion"], body["kind"]) for body in bodies if "apiVersion" in body}
    for api_version, kind in sorted(kinds & DEFINED_BY_OTHERS.keys()):
        plural, scope = DEFINED_BY_OTHERS[api_version, kind]
        group, _, version = api_version.partition("/")
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": scope,
                "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
                "versions": [
                    {
                        "name": version,
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                ],
            },
        }


def operator_config(bodies: Iterable[Body], registries: Iterable[str]) -> dict[str, dict[str, str]]:
    """ConfigMap -> its keys, as the operator would write them; images of these registries keep their tags.

    There is no registry here that could be asked for a digest.
    """
    found = [body for body in bodies if (body.get("apiVersion"), body.get("kind")) == KNATIVE_OPERATOR_KIND]
    config: dict[str, dict[str, str]] = {
        f"config-{name}": dict(keys) for body in found for name, keys in body["spec"]["config"].items()
    }
    deployment = config.setdefault("config-deployment", {})
    known = deployment.get(_UNSEEN_REGISTRY, "kind.local,ko.local,dev.local").split(",")
    deployment[_UNSEEN_REGISTRY] = ",".join(dict.fromkeys([*known, *registries]))
    return config
