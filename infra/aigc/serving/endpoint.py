"""An endpoint, however its replicas come and go: one component, so that everything around it is said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pulumi

from aigc.catalog.labels import MODELS_NAMESPACE
from aigc.clouds.contract import ClusterHandle, ModelStoreHandle
from aigc.cluster.kubernetes_object import Body, add_objects
from aigc.foundation.foundation import Foundation
from aigc.plan.stack_plan import EndpointPlan, ServingMode, StackPlan
from aigc.serving.knative_service import knative_service_body
from aigc.serving.model_volumes import volume_bodies
from aigc.serving.steady import steady_bodies
from aigc.serving.triton import PodImages
from aigc.serving.triton_config import config_bodies, short_hash
from aigc.tokens import Component

MUX_FILE = Path("k8s/local/gateway/mux.yaml")


def mux_config_body(endpoint: EndpointPlan, text: str) -> Body:
    """The mux's configuration; its name holds its hash, so that a changed one means a new revision, not a stale pod."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{endpoint.name}-mux-{short_hash(text)}", "namespace": MODELS_NAMESPACE},
        "data": {"mux.yaml": text},
    }


def endpoint_bodies(
    endpoint: EndpointPlan, images: PodImages, mux_config: str, annotations: Mapping[str, str]
) -> list[Body]:
    """What serves an endpoint in its mode."""
    if endpoint.mode is ServingMode.KNATIVE:
        return [knative_service_body(endpoint, images, mux_config, annotations)]
    return steady_bodies(endpoint, images, mux_config)


class Endpoint(Component):
    """One endpoint of the plan."""

    LAYER = "serving"

    def __init__(
        self,
        plan: EndpointPlan,
        cluster: ClusterHandle,
        *,
        images: PodImages,
        mux_text: str,
        annotations: Mapping[str, str],
        after: Sequence[pulumi.Resource],
        volumes: Sequence[Body] = (),
    ) -> None:
        super().__init__(plan.name)
        self.host = plan.host
        config = mux_config_body(plan, mux_text)
        made = add_objects(cluster, self, [config, *config_bodies(plan), *volumes], after)
        bodies = endpoint_bodies(plan, images, config["metadata"]["name"], annotations)
        self.objects: tuple[pulumi.Resource, ...] = add_objects(cluster, self, bodies, (*after, *made))
        self.done({"host": plan.host, "mode": plan.mode.value, "content_hash": plan.source.content_hash})


def build_endpoints(
    plan: StackPlan,
    cluster: ClusterHandle,
    foundation: Foundation,
    store: ModelStoreHandle,
    *,
    gateway: Sequence[pulumi.Resource],
    annotations: Callable[[EndpointPlan], Mapping[str, str]],
    root: Path,
) -> list[Endpoint]:
    """Every endpoint, after what it needs: a Knative Service is only ever Ready once the gateway carries it, and no pod
    starts before its files and its right to read them are there."""
    mux_text = (root / MUX_FILE).read_text()
    endpoints = []
    for endpoint in plan.endpoints:
        images = PodImages(mux=plan.images["envoy"], triton=endpoint.source.image)
        scaled = endpoint.mode is ServingMode.KNATIVE
        after = (*foundation.namespaces, *foundation.nodes, *(foundation.knative if scaled else ()), *gateway)
        endpoints.append(
            Endpoint(
                endpoint,
                cluster,
                images=images,
                mux_text=mux_text,
                annotations=annotations(endpoint),
                after=(*after, *store.files.get(endpoint.name, ()), *store.rights.get(endpoint.name, ())),
                volumes=volume_bodies(plan, endpoint, store.identities.get(endpoint.name)),
            )
        )
    return endpoints
