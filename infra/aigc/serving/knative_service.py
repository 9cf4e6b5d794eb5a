"""An endpoint as a Knative Service: replicas come with requests and go to zero without them."""

from __future__ import annotations

from collections.abc import Mapping

from aigc.catalog.labels import ENDPOINT_LABEL, MODELS_NAMESPACE
from aigc.cluster.kubernetes_object import Body
from aigc.plan.stack_plan import EndpointPlan
from aigc.serving.triton import PodImages, await_annotations, pod_annotations, pod_labels, pod_spec


def knative_service_body(
    endpoint: EndpointPlan, images: PodImages, mux_config: str, annotations: Mapping[str, str]
) -> Body:
    """The Service; Knative names its revisions, for a name of ours would have to change with every field of it.

    Knative makes `timeoutSeconds` the pod's termination grace too, so Triton's exit timeout, which is the same number,
    never outlasts it.
    """
    scaling = endpoint.scaling
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": endpoint.name,
            "namespace": MODELS_NAMESPACE,
            "labels": {ENDPOINT_LABEL: endpoint.name},
            "annotations": await_annotations(endpoint),
        },
        "spec": {
            "template": {
                "metadata": {
                    "labels": dict(pod_labels(endpoint)),
                    "annotations": {**annotations, **pod_annotations(endpoint)},
                },
                "spec": {
                    "containerConcurrency": scaling.hard_concurrency,
                    "timeoutSeconds": scaling.request_timeout_seconds,
                    **pod_spec(endpoint, images, mux_config),
                },
            },
            "traffic": [{"latestRevision": True, "percent": 100}],
        },
    }
