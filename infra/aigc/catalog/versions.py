"""Every version the platform is made of, read from versions.yaml, so that a bump is one line in one file."""

from __future__ import annotations

from functools import cache

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.kinds import Cloud


class Component(Row):
    """A piece of platform software."""

    version: str
    go_module: str | None = None
    go_version: str | None = None
    """Tag of the Go module where it differs from the product's version (Knative 1.23 is module v0.50)."""
    manifest_sha256: str | None = None
    """Sum of the extracted YAML; None until somebody has extracted it and written the sum down."""
    chart: str | None = None
    repository: str | None = None
    """Address of the Helm repository; only the Pulumi provider ever asks it."""
    exception: str | None = None
    """Why this component runs another minor locally than on the clouds."""


class UpstreamImage(Row):
    """An image of another maker."""

    reference: str
    digest: str | None = None
    python_packages: tuple[str, ...] = ()
    """What a model's Python finds in it beside the standard library and the backend's own; only of Triton's."""

    def pinned(self) -> str:
        """The reference with its digest where one is known."""
        return f"{self.reference}@{self.digest}" if self.digest else self.reference

    def by_digest_alone(self) -> str:
        """For who takes a tag or a digest, but not both; the tag where no digest is known."""
        return f"{self.reference.rpartition(':')[0]}@{self.digest}" if self.digest else self.reference


class Versions(Row):
    """The whole file."""

    components: dict[str, Component]
    wheels: dict[str, str]
    triton_wheels: tuple[str, ...]
    images: dict[str, str]
    upstream_images: dict[str, UpstreamImage]
    node_images: dict[str, str]


@cache
def versions() -> Versions:
    """The versions of this commit."""
    return typed(Versions, read_yaml("versions.yaml"), "catalog/versions.yaml")


def component(name: str) -> Component:
    """One component; a name that is not in the file is a mistake of the program and says so."""
    return versions().components[name]


def kubernetes_minor(cloud: Cloud | None = None) -> str:
    """The minor of Kubernetes every stack runs unless it says otherwise, for instance `1.37`; EKS comes later."""
    return ".".join(component("eks" if cloud is Cloud.AWS else "kubernetes").version.split(".")[:2])
