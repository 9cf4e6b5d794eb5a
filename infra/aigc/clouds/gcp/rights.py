"""Who of a stack may read which registry of Google Cloud; pure.

A node's role lets it write logs and metrics and read no image (CIS GKE Benchmark 2.0, 5.2.1), and Knative's controller
asks for the digest of an image before there is a pod: each gets the right to read the one repository, and no other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aigc.catalog.labels import KNATIVE_NAMESPACE
from aigc.plan.stack_plan import ServingMode, StackPlan

NODE_ROLE = "roles/container.defaultNodeServiceAccount"
"""Logs and metrics; the project's default account would bring the Editor role to every node."""
READER_ROLE = "roles/artifactregistry.reader"
_IMAGE = re.compile(
    r"(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[a-z][a-z0-9-]{4,28}[a-z0-9])/(?P<name>[a-z][a-z0-9-]*)/"
)


@dataclass(frozen=True)
class Repository:
    """A repository of Artifact Registry."""

    location: str
    project: str
    name: str


def repositories(images: tuple[str, ...]) -> tuple[Repository, ...]:
    """Those that the images are in, each once; another registry is nobody's here to give rights to."""
    found = (_IMAGE.match(image) for image in images)
    return tuple(dict.fromkeys(Repository(**one.groupdict()) for one in found if one))


def read_by_nodes(plan: StackPlan) -> tuple[Repository, ...]:
    """What the kubelets pull from."""
    return repositories((*plan.images.values(), *(endpoint.source.image for endpoint in plan.endpoints)))


def read_by_knative(plan: StackPlan) -> tuple[Repository, ...]:
    """What Knative's controller asks for digests; a steady endpoint's image is the kubelet's business alone."""
    served = [endpoint for endpoint in plan.endpoints if endpoint.mode is ServingMode.KNATIVE]
    return repositories(tuple(image for one in served for image in (one.source.image, plan.images["envoy"])))


def pods_of(project: str, namespace: str, service_account: str) -> str:
    """The pods of a service account as a member of a policy (IAM API, Binding.members).

    Named by the project's id: the newer `principal://` wants its number, which nobody knows before something is asked.
    """
    return f"serviceAccount:{project}.svc.id.goog[{namespace}/{service_account}]"


def knatives_controller(plan: StackPlan) -> str:
    """The member that resolves tags; its service account is the one that every Knative has."""
    return pods_of(plan.project or "", KNATIVE_NAMESPACE, "controller")
