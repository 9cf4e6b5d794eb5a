"""The program: what was asked becomes a plan, the plan becomes layers, each made of the plan and the layers before."""

from pathlib import Path

import pulumi

from aigc.autoscaling.keda import scale_steady_endpoints
from aigc.autoscaling.kpa import kpa_annotations
from aigc.cluster.cluster import build_cluster, build_model_store, build_network
from aigc.config.load import alert_webhook_url, load_spec
from aigc.foundation.foundation import build_foundation
from aigc.observability.prometheus import observe
from aigc.plan.resolve import resolve
from aigc.serving.endpoint import build_endpoints
from aigc.serving.gateway import build_gateway, gateway_address
from aigc.serving.off_cluster import build_off_cluster

root = Path(pulumi.get_root_directory())
plan = resolve(spec := load_spec(), pulumi.get_stack(), root / "model_repository")
cluster = build_cluster(plan, network := build_network(plan))
store = build_model_store(plan, network, cluster, root)
foundation = build_foundation(plan, cluster)
gateway = build_gateway(plan, cluster, foundation, root)
endpoints = build_endpoints(plan, cluster, foundation, store, gateway=gateway, annotations=kpa_annotations, root=root)
scale_steady_endpoints(plan, cluster, foundation, [made for endpoint in endpoints for made in endpoint.objects])
observe(plan, cluster, foundation, alert_webhook_url(spec))
pulumi.export("endpoints", {e.name: e.host for e in plan.endpoints} | build_off_cluster(plan, network, store))
pulumi.export("gateway", gateway_address(plan))
pulumi.export("namespaces", [namespace.name for namespace in plan.namespaces])
pulumi.export("cluster", dict(cluster.outputs))
