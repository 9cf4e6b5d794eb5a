"""StackSpec -> StackPlan: explicit values first, then the rules of scaling.py, capacity.py and components.py.

Pure but for reading the model repository and the catalog: no clock, no environment, no working directory. It refuses
a spec with any fault, so that every plan there is can be built.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc.catalog import labels
from aigc.catalog.accelerators import CPU
from aigc.catalog.cache import KUBECONFIG
from aigc.catalog.kinds import Cloud, SourceKind
from aigc.catalog.machines import Machine, resource_key_of
from aigc.catalog.versions import kubernetes_minor, versions
from aigc.config.spec import ModelSpec, StackSpec
from aigc.plan import scaling
from aigc.plan.auto_mode import with_auto_mode
from aigc.plan.azure import azure_plan
from aigc.plan.batching_override import in_force, triton_config
from aigc.plan.capacity import (
    cpu_millicores,
    machine_of,
    memory_mib,
    models_on_nodes,
    pool_for,
    replicas_per_node,
)
from aigc.plan.checks import checked_models
from aigc.plan.cold_start import cold_start, deadline_seconds
from aigc.plan.components import (
    components,
    from_manifests,
    images,
    is_our_local_cluster,
    knative_features,
    namespaces,
    own_registry,
)
from aigc.plan.compute_classes import class_labels, compute_classes
from aigc.plan.content_hash import content_hash
from aigc.plan.devices import (
    devices_per_replica,
    tpu_selector,
)
from aigc.plan.existing_nodes import selector_of
from aigc.plan.expected import expected
from aigc.plan.managed import managed_endpoints
from aigc.plan.model_store import model_store, with_files
from aigc.plan.names import cluster_name, endpoint_host, endpoint_name
from aigc.plan.pools import pool_plan
from aigc.plan.price import made_of_services, monthly_cost
from aigc.plan.quota import quotas
from aigc.plan.registry import registry_plan
from aigc.plan.repository import Model
from aigc.plan.stack_plan import (
    ClusterPlan,
    EndpointPlan,
    MonitoringPlan,
    PoolPlan,
    ResourcesPlan,
    SloPlan,
    SourcePlan,
    StackPlan,
)
from aigc.plan.tpu_vms import tpu_vm_quotas, tpu_vms
from aigc.plan.triton_image import runtime_pins

LOCAL_CLUSTER_NAME = "aigc-local"
_LOCAL_RANGES = {"pod_cidr": "10.217.0.0/16", "service_cidr": "10.96.0.0/16", "node_cidr": "10.217.0.1/32"}
"""The bridge of `scripts cluster up`; its one node is the bridge's own address."""
_CLOUD_RANGES = {"pod_cidr": "10.32.0.0/14", "service_cidr": "10.48.0.0/20", "node_cidr": "10.10.0.0/20"}
"""Ours to choose in a network of our own: 4,094 nodes, 1,024 of them with 256 pod addresses each."""
_AWS_RANGES = {"pod_cidr": "10.32.0.0/16", "service_cidr": "10.48.0.0/20", "node_cidr": "10.32.0.0/16"}
"""Pods and nodes share the subnets of the VPC: 8,187 addresses a zone."""

_LOCAL_RETENTION_HOURS = 24
"""A day: a local Prometheus keeps its samples in its pod, and they go with it."""
_RETENTION_HOURS = 240
"""Ten days, as kube-prometheus-stack has it: the longest window of an error budget's alerts is three."""

_VOLUMES: dict[Cloud, dict[str, Any]] = {
    Cloud.AWS: {"storage_class": labels.EBS_STORAGE_CLASS, "storage_gib": 50},
}
"""Prometheus' own, where a driver for volumes is installed: 50 GiB, as kube-prometheus-stack's example has it."""


def resolve(spec: StackSpec, stack: str, repository: Path) -> StackPlan:
    """Everything that will be made for a stack.

    Raises:
        UserError: something in the spec or in the model repository is wrong; it holds every fault.
    """
    models = checked_models(spec, stack, repository)
    pools = tuple(pool_plan(spec, name, pool) for name, pool in spec.pools.items())
    by_name = {pool.name: pool for pool in pools}
    store = model_store(spec, stack, models, repository)
    asked = (_endpoint(spec, name, models[name], by_name, repository) for name in models_on_nodes(spec))
    endpoints = with_files(spec, asked, store, models, repository)
    managed = managed_endpoints(spec, stack, models, repository, store)
    parts, cluster, vms = components(spec, endpoints), _cluster(spec, stack), tpu_vms(spec, stack)
    registry = registry_plan(spec, pulled := images(spec, parts), endpoints)
    azure = azure_plan(spec, stack)
    return StackPlan(
        stack=stack,
        cloud=spec.cloud,
        region=spec.region,
        project=spec.project,
        account=spec.account,
        azure=azure,
        domain=spec.domain,
        cluster=cluster,
        pools=pools,
        compute_classes=compute_classes(spec),
        quotas=(*quotas((pool, _machine(spec, pool)) for pool in pools if pool.made), *tpu_vm_quotas(vms)),
        namespaces=namespaces(parts),
        components=parts,
        images=pulled,
        registry=registry,
        knative_features=knative_features(endpoints),
        endpoints=endpoints,
        managed_endpoints=managed,
        model_store=store,
        tpu_vms=vms,
        monitoring=_monitoring(spec),
        cost=monthly_cost(spec, pools, endpoints, made_of_services(cluster, store, registry, azure), managed, vms),
    )


def _monitoring(spec: StackSpec) -> MonitoringPlan | None:
    if not spec.monitoring.enabled:
        return None
    usual_hours = _LOCAL_RETENTION_HOURS if spec.cloud is Cloud.LOCAL else _RETENTION_HOURS
    return MonitoringPlan(
        retention_hours=spec.monitoring.retention_hours or usual_hours,
        alert_webhook=spec.monitoring.alert_webhook,
        **_VOLUMES.get(spec.cloud, {}),
    )


def _cluster(spec: StackSpec, stack: str) -> ClusterPlan:
    local = spec.cloud is Cloud.LOCAL
    somebodys = spec.cloud is Cloud.EXISTING or (local and not is_our_local_cluster(spec))
    own = {Cloud.LOCAL: _LOCAL_RANGES, Cloud.AWS: _AWS_RANGES}
    ranges = {} if somebodys else own.get(spec.cloud, _CLOUD_RANGES)
    production, protected, each_zone = stack.endswith("-prod"), spec.deletion_protection, spec.nat_gateway_per_zone
    return ClusterPlan(
        name=LOCAL_CLUSTER_NAME if local else cluster_name(stack),
        kubernetes_minor=spec.kubernetes_minor or kubernetes_minor(spec.cloud),
        kubeconfig=spec.kubeconfig or (str(KUBECONFIG) if local else None),
        context=spec.context,
        zones=spec.zones,
        deletion_protection=production if protected is None else protected,
        nat_gateway_per_zone=spec.cloud is Cloud.AWS and (production if each_zone is None else each_zone),
        auto_mode=with_auto_mode(spec),
        **ranges,
    )


def _endpoint(
    spec: StackSpec, model: str, served: tuple[Model, ...], pools: dict[str, PoolPlan], repository: Path
) -> EndpointPlan:
    asked, name = spec.models[model], endpoint_name(model)
    config = in_force(served[0].config, asked.batching)
    pool = pools.get(pool_for(spec, asked) or "")
    every = [pools[one] for one in (pool.name, *asked.overflow_pools)] if pool else []
    key = pool.resource_key if pool else _resource_key_without_pool(asked)
    mode = scaling.serving_mode(asked, key is not None)
    budget = cold_start(spec, model, served, every, key, repository)
    most = _most_replicas(spec, asked, served, every)
    bounds = scaling.scaling(asked, config, mode, key is not None, most, deadline_seconds(budget))
    return EndpointPlan(
        name=name,
        mode=mode,
        models=tuple(one.name for one in served),
        pool=pool.name if pool else None,
        overflow_pools=asked.overflow_pools,
        tolerations=tuple(dict.fromkeys(taint for one in every for taint in one.taints)),
        node_selector=_node_selector(spec, every),
        resources=ResourcesPlan(
            cpu_millicores=cpu_millicores(asked, served),
            memory_mib=memory_mib(asked, served),
            accelerators=_devices(spec, pool) if key else 0,
            resource_key=key,
        ),
        batching=scaling.batching(config),
        triton_config=triton_config(repository, served[0], asked.batching),
        scaling=bounds,
        slo=SloPlan(p99_ms=asked.slo.p99_ms, availability_percent=asked.slo.availability_percent),
        source=_source(spec, name, tuple(one.name for one in served), repository),
        host=endpoint_host(name, spec.domain),
        expected=expected(asked, bounds),
        cold_start=budget,
    )


def _resource_key_without_pool(asked: ModelSpec) -> str | None:
    """On a cluster somebody has, the first accelerator of the list is requested by its resource key alone."""
    first = asked.accelerators[0] if asked.accelerators else CPU
    return None if first == CPU else resource_key_of(first)


def _node_selector(spec: StackSpec, pools: Sequence[PoolPlan]) -> dict[str, str]:
    """Of several pools one is preferred, which a selector cannot say: then GKE is told their class, or nothing."""
    if not pools:
        return {}
    first = pools[0]
    of_tpu = tpu_selector(_machine(spec, first), spec.pools[first.name])
    chosen = selector_of(first) if len(pools) == 1 else class_labels(spec, first.name)
    return chosen | of_tpu


def _devices(spec: StackSpec, pool: PoolPlan | None) -> int:
    return devices_per_replica(_machine(spec, pool)) if pool else 1


def _machine(spec: StackSpec, pool: PoolPlan) -> Machine:
    machine = machine_of(spec, spec.pools[pool.name])
    assert machine is not None  # noqa: S101 - a pool of the plan has one
    return machine


def _most_replicas(spec: StackSpec, asked: ModelSpec, served: tuple[Model, ...], pools: Sequence[PoolPlan]) -> int:
    """What the nodes of the pools hold; one on `local`: a second would fight for the cores."""
    if pools:
        return sum(
            pool.max_nodes
            * replicas_per_node(_machine(spec, pool), spec.pools[pool.name], asked, served, by_karpenter=pool.karpenter)
            for pool in pools
        )
    return 1 if spec.cloud is Cloud.LOCAL else scaling.REPLICAS_WITHOUT_POOL


def _source(spec: StackSpec, name: str, served: tuple[str, ...], repository: Path) -> SourcePlan:
    """In the image, as long as no bucket has them."""
    pins = runtime_pins() if from_manifests(spec) else {"triton": versions().upstream_images["triton"].pinned()}
    tag = content_hash(repository, served, pins)
    image = f"{own_registry(spec)}/triton-{name}:{tag}"
    return SourcePlan(kind=SourceKind.BAKED, image=image, uri=None, content_hash=tag)
