"""Rules for what runs on the cluster: images, charts, Pod Security, taints, accelerators."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aigc.catalog.labels import POOL_LABEL
from aigc.policy.pods import containers, pod_specs, pool_of, pools, untolerated
from aigc.policy.rule import Finding, Rule, Weight
from aigc.policy.view import ResourceView, StackView, mapping, walk

ENFORCE = "pod-security.kubernetes.io/enforce"
POD_SECURITY_REASON = "aigc/pod-security-reason"
_EXACT = re.compile(r"v?\d+\.\d+\.\d+[0-9A-Za-z.+-]*")


def _images(stack: StackView) -> Iterator[tuple[ResourceView, str]]:
    for item in stack.resources:
        if item.custom and not item.is_provider:
            for path, value in walk(item.inputs):
                if path and path[-1] == "image" and isinstance(value, str):
                    yield item, value


def _versioned(stack: StackView) -> Iterator[Finding]:
    for item, image in _images(stack):
        name = image.rsplit("/", 1)[-1]
        if "@sha256:" not in image and (":" not in name or name.endswith(":latest")):
            yield Finding(item.urn, f"image '{image}' has no version", "name a tag that is not latest, or a digest")


def _by_digest(stack: StackView) -> Iterator[Finding]:
    for item, image in _images(stack):
        if "@sha256:" not in image:
            way_out = "fill its digest into catalog/versions.yaml, so that a tag that moves changes nothing"
            yield Finding(item.urn, f"image '{image}' is not pinned by digest", way_out)


def _charts(stack: StackView) -> Iterator[Finding]:
    for item in stack.releases():
        version = item.inputs.get("version")
        if not isinstance(version, str) or not _EXACT.fullmatch(version):
            way_out = "name one version in catalog/versions.yaml"
            yield Finding(item.urn, f"chart '{item.inputs.get('chart')}' is not pinned: version {version!r}", way_out)


def _restricted(stack: StackView) -> Iterator[Finding]:
    for item in stack.objects("Namespace"):
        level = mapping(item.metadata.get("labels")).get(ENFORCE)
        reason = mapping(item.metadata.get("annotations")).get(POD_SECURITY_REASON)
        if level == "restricted" or (level in ("baseline", "privileged") and reason):
            continue
        problem = f"Pod Security is {level or 'not enforced'} without a reason"
        yield Finding(item.urn, problem, f"enforce restricted, or write the reason as annotation {POD_SECURITY_REASON}")


def _tolerated(stack: StackView) -> Iterator[Finding]:
    known = {str(pool.labels.get(POOL_LABEL)): pool for pool in pools(stack)}
    for item, pod in pod_specs(stack):
        pool = pool_of(pod, known)
        for taint in untolerated(pod, pool) if pool else ():
            said = f"{taint.get('key')}={taint.get('value')}:{taint.get('effect')}"
            problem = (
                f"its pods must land on pool {pool.resource.name if pool else ''} and do not tolerate its taint {said}"
            )
            yield Finding(item.urn, problem, "add the toleration, or another pool")


def _requested(stack: StackView) -> Iterator[Finding]:
    known = {str(pool.labels.get(POOL_LABEL)): pool for pool in pools(stack)}
    for item, pod in pod_specs(stack):
        pool = pool_of(pod, known)
        if pool is None or not pool.accelerated:
            continue
        wanted = [mapping(mapping(one.get("resources")).get("limits")) for one in containers(pod)]
        if not any("/" in key for limits in wanted for key in limits):
            problem = f"its pods land on pool {pool.resource.name} and request no accelerator"
            yield Finding(item.urn, problem, "request the resource key of the pool's accelerator, or a CPU pool")


RULES = (
    Rule("images-have-a-version", "Every image names a version.", Weight.MANDATORY, _versioned, alone=True),
    Rule("images-by-digest", "Production runs images by digest.", Weight.PRODUCTION_UP, _by_digest, alone=True),
    Rule("charts-are-pinned", "Every chart names one version.", Weight.MANDATORY, _charts, alone=True),
    Rule(
        "pod-security-restricted",
        "Namespaces enforce Pod Security restricted.",
        Weight.MANDATORY,
        _restricted,
        alone=True,
    ),
    Rule("taints-are-tolerated", "Pods tolerate the taints of their pool.", Weight.MANDATORY, _tolerated),
    Rule("accelerators-are-requested", "Pods on accelerators request them.", Weight.MANDATORY, _requested),
)
