"""A cluster that the user already has in place of the local one: the same program, images through a registry."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from aigc.catalog.faults import fail
from aigc.config.stacks import MODEL_REPOSITORY, PROJECT_ROOT
from aigc.plan.stack_plan import StackPlan
from aigc.plan.validation import plan_of
from scripts.engine.api import ApplyReport, apply_stack, destroy_stack
from scripts.local.supply.api import ImageArchive, ensure_images, ensure_manifests, ensure_test_tool
from scripts.progress import Outcome, Progress
from scripts.registry_tool import Crane

NODE_ONLY_ROLES = {"pause"}
LOCAL_PREFIX = "dev.local/"


def kubeconfig_path(named: Path | None) -> Path:
    """The kubeconfig asked for, else the one that kubectl would take.

    Raises:
        UserError: there is none at that place.
    """
    first = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    path = named or Path(first or Path.home() / ".kube" / "config")
    if not path.is_file():
        raise fail(
            str(path),
            "there is no kubeconfig",
            "name one with --kubeconfig, or leave --context out for a local cluster",
        )
    return path


def bring_up_there(
    stack: str, kubeconfig: Path | None, context: str | None, adopt: bool, progress: Progress
) -> ApplyReport:
    """Push the stack's images to its registry and apply its objects to the user's own cluster.

    Raises:
        UserError: the stack names no registry that such a cluster could pull from; nothing was built or applied.
    """
    path = kubeconfig_path(kubeconfig)
    overrides = {"kubeconfig": str(path), **({} if context is None else {"context": context})}
    plan = plan_of(stack, overrides=overrides)
    refuse_without_registry(plan)
    ensure_manifests(progress)
    push_images(plan, progress)
    return apply_stack(stack, PROJECT_ROOT, path, context, progress, adopt=adopt, overrides=overrides)


def refuse_without_registry(plan: StackPlan) -> None:
    """A cluster of one's own cannot see the images on this machine."""
    references = [*plan.images.values(), *(e.source.image for e in plan.endpoints)]
    if any(reference.startswith(LOCAL_PREFIX) for reference in references):
        raise fail(
            f"stacks/Pulumi.{plan.stack}.yaml: config.aigc:stack.registry",
            "is not set, and a cluster of your own cannot pull images that only this machine has",
            "set `registry:` to one that you can push to and the cluster can pull from",
        )


def push_images(plan: StackPlan, progress: Progress, insecure: bool = False) -> list[str]:
    """Build and push every image of a plan; returns the references with their digests."""
    wanted = {role: reference for role, reference in plan.images.items() if role not in NODE_ONLY_ROLES}
    archives = ensure_images(wanted, plan.endpoints, MODEL_REPOSITORY, progress)
    return push_archives(archives, progress, insecure)


def push_archives(archives: Sequence[ImageArchive], progress: Progress, insecure: bool = False) -> list[str]:
    """Push images with crane, which reads the credentials that `docker login` or a credential helper left.

    Raises:
        UserError: a tag has another content there, which stays; few registries see to that themselves, as ECR does.
    """
    crane = Crane(ensure_test_tool("crane", progress), insecure)
    pushed = []
    for archive in archives:
        with progress.step(f"push {archive.reference}") as step:
            there = crane.digest(archive.reference)
            if there == archive.digest:
                step.outcome = Outcome.UNCHANGED
            elif there:
                raise fail(
                    archive.reference,
                    f"is {there} there, and {archive.digest} was built; nodes may run the former, so it stays",
                    "give what changed a version of its own in infra/aigc/catalog/versions.yaml, or delete that tag",
                )
            else:
                crane.push(archive)
        pushed.append(f"{archive.reference.rsplit(':', 1)[0]}@{archive.digest}")
    return pushed


def destroy(stack: str, kubeconfig: Path | None, context: str | None, progress: Progress) -> int:
    """Delete the stack's objects, and only those, from the user's own cluster; returns how many."""
    return destroy_stack(stack, kubeconfig_path(kubeconfig), context, progress)
