"""Checks of a stack as a whole: cloud, region, cluster, registry, names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog import limits
from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.kinds import CapacityType, Cloud, SourceKind
from aigc.catalog.versions import kubernetes_minor
from aigc.config.problems import Problem, printable
from aigc.config.spec import StackSpec
from aigc.plan.checks_aws import aws_problems
from aigc.plan.checks_azure import azure_problems
from aigc.plan.components import is_our_local_cluster
from aigc.plan.node_provisioning import choice_problems
from aigc.plan.registry import ARTIFACT_DOMAIN

_REGIONS = {
    Cloud.GCP: (re.compile(r"[a-z]+-[a-z]+[0-9]+"), "us-central1"),
    Cloud.AWS: (re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+"), "us-east-1"),
    Cloud.AZURE: (re.compile(r"[a-z]+[0-9]*"), "eastus"),
}
_ANY_REGION = (limits.RFC1123_LABEL, "region-1")
"""Of a cloud that is a folder and no more: its names of regions are not known here, nor those of its zones."""
ON_PREMISES = "onprem"
"""What a stack on a cluster that somebody has may be called, too."""
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*")
_ARTIFACT = re.compile(r"[^/]+/[^/]+/[a-z][a-z0-9-]{0,61}[a-z0-9](/.+)?")
"""A host, a project, a repository (artifact-registry/docs/repositories/create-repos), and folders in it."""
_MINOR = re.compile(r"1\.[1-9][0-9]")


def cluster_problems(spec: StackSpec, stack: str) -> Iterator[Problem]:
    """Everything that is wrong above pools and models."""
    yield from _stack_name(stack)
    yield from _place(spec)
    yield from choice_problems(spec)
    yield from azure_problems(spec)
    yield from _access(spec)
    yield from _registry(spec)
    yield from _values(spec)
    if spec.monitoring.alert_webhook and not spec.monitoring.enabled:
        problem = "is true, but monitoring is off: nothing would raise an alert"
        yield Problem(("monitoring", "alert_webhook"), problem, "enable monitoring, or leave it out")


def _stack_name(stack: str) -> Iterator[Problem]:
    if not limits.STACK_NAME.fullmatch(stack) or len(stack) > limits.STACK_NAME_CHARS:
        yield Problem(
            (),
            f"the stack's name {printable(stack)} cannot become a name on a cloud",
            f"use lowercase letters, digits and hyphens, a letter first, {limits.STACK_NAME_CHARS} characters at most",
        )


def stack_name_problems(spec: StackSpec, stack: str) -> Iterator[Problem]:
    """The naming rule of stack files: the name begins with the cloud that the file says."""
    cloud = spec.cloud.value
    names = (cloud, ON_PREMISES) if spec.cloud is Cloud.EXISTING else (cloud,)
    if not any(stack == name or stack.startswith(f"{name}-") for name in names):
        yield Problem(
            ("cloud",),
            f"is {cloud}, but the file is called Pulumi.{printable(stack)}.yaml",
            f"call it Pulumi.{cloud}-<env>.yaml or correct the cloud",
        )


def region_problems(cloud: Cloud, region: str | None) -> Iterator[Problem]:
    """A region that is missing, or is called as none of a real cloud is."""
    pattern, example = _REGIONS.get(cloud, _ANY_REGION)
    if region is None:
        yield Problem(("region",), f"is missing; cloud {cloud} needs one", f"add it, for instance {example}")
    elif not pattern.fullmatch(region):
        yield Problem(("region",), f"{printable(region)} is no region of {cloud}", f"they look like {example}")


def _place(spec: StackSpec) -> Iterator[Problem]:
    if not spec.cloud.makes_nodes:
        for key in ("region", "zones", "project", "account", "nat_gateway_per_zone"):
            if getattr(spec, key) not in (None, ()):
                yield Problem((key,), f"means nothing on cloud {spec.cloud}", "remove it")
        return
    yield from region_problems(spec.cloud, spec.region)
    yield from zones_problems(spec, ("zones",), spec.zones)
    if spec.cloud is Cloud.AWS:
        yield from aws_problems(spec)
    else:
        for key in ("account", "nat_gateway_per_zone"):
            if getattr(spec, key) is not None:
                yield Problem((key,), f"means nothing on cloud {spec.cloud}", "remove it")
    if spec.cloud is Cloud.GCP and spec.project is None:
        yield Problem(("project",), "is missing; cloud gcp needs one", "add the id of your Google Cloud project")
    elif spec.cloud is not Cloud.GCP and spec.project is not None:
        yield Problem(("project",), f"means nothing on cloud {spec.cloud}", "remove it")
    elif spec.project is not None and not _PROJECT.fullmatch(spec.project):
        yield Problem(
            ("project",),
            f"{printable(spec.project)} is no project id",
            "6 to 30 lowercase letters, digits and hyphens, a letter first",
        )


def zones_problems(spec: StackSpec, path: tuple[str, ...], zones: tuple[str, ...]) -> Iterator[Problem]:
    """Each zone once, and all of the stack's region."""
    for index, zone in enumerate(zones):
        if zone in zones[:index]:
            yield Problem((*path, index), f"{printable(zone)} is named twice", "keep it once")
        else:
            yield from zone_problems(spec, (*path, index), zone)


def zone_problems(spec: StackSpec, path: tuple[str | int, ...], zone: str) -> Iterator[Problem]:
    """A zone that is none of the stack's region."""
    if spec.region is None:
        return
    patterns = {
        Cloud.GCP: (re.escape(spec.region) + "-[a-z]", f"{spec.region}-a"),
        Cloud.AWS: (re.escape(spec.region) + "[a-z]", f"{spec.region}a"),
        Cloud.AZURE: ("[1-9]", '"1"'),
    }
    pattern, example = patterns.get(spec.cloud, (limits.RFC1123_LABEL.pattern, "zone-1"))
    if not re.fullmatch(pattern, zone):
        yield Problem(path, f"{printable(zone)} is no zone of region {spec.region}", f"they look like {example}")


def _access(spec: StackSpec) -> Iterator[Problem]:
    if spec.cloud.makes_nodes:
        for key in ("kubeconfig", "context"):
            if getattr(spec, key):
                yield Problem((key,), f"means nothing on cloud {spec.cloud}, which makes the cluster", "remove it")
    elif spec.cloud is Cloud.EXISTING and spec.kubeconfig is None:
        yield Problem(("kubeconfig",), "is missing; cloud existing needs one", "add the path of your kubeconfig")
    if spec.cloud is Cloud.LOCAL and spec.kubernetes_minor not in (None, kubernetes_minor()):
        yield Problem(
            ("kubernetes_minor",),
            f"{printable(spec.kubernetes_minor)} is not what is built for local",
            f'write "{kubernetes_minor()}" or remove it',
        )


def _registry(spec: StackSpec) -> Iterator[Problem]:
    if spec.registry is not None:
        if not _REGISTRY.fullmatch(spec.registry):
            yield Problem(
                ("registry",),
                f"{printable(spec.registry)} is no place for images",
                "write host/path without scheme, tag or closing slash: us-central1-docker.pkg.dev/project/images",
            )
        elif spec.registry.partition("/")[0].endswith(ARTIFACT_DOMAIN) and not _ARTIFACT.fullmatch(spec.registry):
            yield Problem(
                ("registry",),
                f"{printable(spec.registry)} names no repository of Artifact Registry",
                "write LOCATION-docker.pkg.dev/PROJECT/REPOSITORY, as us-central1-docker.pkg.dev/project/images",
            )
        return
    if is_our_local_cluster(spec):
        return
    if spec.cloud is Cloud.LOCAL:
        why = f"a cluster of your own (context or kubeconfig other than {KUBECONFIG}) cannot have images imported"
    elif spec.cloud is Cloud.EXISTING:
        why = "a cluster that exists already pulls our images from one"
    elif any(model.source.kind is SourceKind.BAKED for model in spec.models.values()):
        why = "models with source.kind baked are images the cluster pulls from one"
    else:
        why = "the in-pod proxy is an image of ours"
    yield Problem(
        ("registry",), f"is missing: {why}", "add registry: host/path; `python -m scripts images push` fills it"
    )


def _values(spec: StackSpec) -> Iterator[Problem]:
    if not limits.HOST_NAME.fullmatch(spec.domain) or any(
        len(label) > limits.DNS_LABEL_CHARS for label in spec.domain.split(".")
    ):
        yield Problem(("domain",), f"{printable(spec.domain)} is no domain", "write lowercase labels: aigc.internal")
    elif spec.domain == "cluster.local" or spec.domain.endswith(".cluster.local"):
        yield Problem(("domain",), "Knative keeps hosts under cluster.local from the gateway", "use another domain")
    if spec.kubernetes_minor is not None and not _MINOR.fullmatch(spec.kubernetes_minor):
        shown = printable(spec.kubernetes_minor)
        yield Problem(("kubernetes_minor",), f"{shown} is no minor of Kubernetes", f'write "{kubernetes_minor()}"')
    if len(set(spec.capacity)) != len(spec.capacity):
        yield Problem(("capacity",), "names a kind of capacity twice", "keep each once, in the order to try them")
    if set(spec.capacity) == {CapacityType.RESERVED}:
        yield Problem(
            ("capacity",), "reserved alone: a pool names its own reservation", "add on_demand or spot to the list"
        )
