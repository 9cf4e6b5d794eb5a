"""Which pods of a stack talk to AWS, and what each may do there; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aigc.catalog.labels import KARPENTER, KNATIVE_NAMESPACE, MODELS_NAMESPACE, NODE_AUTOSCALER
from aigc.clouds.aws.karpenter_policy import karpenter_policy
from aigc.clouds.aws.policies import PULL_POLICY, VOLUME_POLICIES, autoscaler_policy, document, read_folder
from aigc.clouds.aws.repositories import in_ecr
from aigc.plan.stack_plan import ServingMode, StackPlan


@dataclass(frozen=True)
class PodRight:
    """What the pods of one service account may do."""

    name: str
    namespace: str
    service_account: str
    managed: tuple[str, ...] = ()
    """Policies of AWS."""
    policy: str | None = None
    """One of its own, as JSON."""


def pod_rights(plan: StackPlan) -> tuple[PodRight, ...]:
    """Of the parts that the plan has."""
    rights = []
    if any(component.name == NODE_AUTOSCALER for component in plan.components):
        own = autoscaler_policy(plan.cluster.name)
        rights.append(PodRight("autoscaler", NODE_AUTOSCALER, NODE_AUTOSCALER, policy=own))
    if any(component.name == KARPENTER for component in plan.components):
        rights.append(PodRight("karpenter", KARPENTER, KARPENTER, policy=karpenter_policy(plan)))
    served = [endpoint for endpoint in plan.endpoints if endpoint.mode is ServingMode.KNATIVE]
    if any(in_ecr(image) for one in served for image in (one.source.image, plan.images["envoy"])):
        # It asks the registry for the digest of each image before there is a pod; a node's rights are no help to it.
        rights.append(PodRight("knative", KNATIVE_NAMESPACE, "controller", managed=(PULL_POLICY,)))
    if has_volumes(plan) and not plan.cluster.auto_mode:
        # The names under which the add-on of EKS runs its controller.
        rights.append(PodRight("volumes", "kube-system", "ebs-csi-controller-sa", managed=VOLUME_POLICIES))
    return (*rights, *model_rights(plan))


def model_rights(plan: StackPlan) -> Iterator[PodRight]:
    """Of each endpoint whose files are mounted: to read its own folder, and to list that alone.

    Mountpoint takes them in the name of the pod's account (aws-mountpoint-s3-csi-driver, docs/CONFIGURATION.md,
    'Pod-Level Credentials').
    """
    for endpoint, mount in plan.mounts.items():
        own = document(read_folder(mount.bucket, mount.folder))
        yield PodRight(f"model-{endpoint}", MODELS_NAMESPACE, mount.service_account, policy=own)


def has_volumes(plan: StackPlan) -> bool:
    """Whether anything of the stack claims a volume."""
    return plan.monitoring is not None and plan.monitoring.storage_class is not None
