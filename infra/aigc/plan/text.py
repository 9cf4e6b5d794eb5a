"""A plan as text: complete, so that a review needs nothing else; stable, so that golden plans differ in substance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from aigc.plan.cost_text import cost_facts
from aigc.plan.stack_plan import (
    BatchingPlan,
    ColdStartPlan,
    ComponentPlan,
    EndpointPlan,
    ExpectedPlan,
    ManagedEndpointPlan,
    ModelStorePlan,
    MonitoringPlan,
    MountPlan,
    PoolPlan,
    QuotaPlan,
    ResourcesPlan,
    ScalingPlan,
    SloPlan,
    StackPlan,
    Taint,
    TpuVmPlan,
)

_WIDTH = 36
_SAID_WHEN_SET = frozenset({
    "reservation", "capacity_block", "reservation_until", "efa_interfaces", "karpenter", "nat_gateway_per_zone",
    "auto_mode", "topology", "workload_policy", "partition", "sharing", "boot_disk_type", "cloud_labels", "surge_nodes",
    "node_auto_provisioning",
})  # fmt: skip
"""What few clusters and pools have: it would be a row of nothing in every other."""


def render_text(plan: StackPlan) -> str:
    """The whole plan, one line a fact."""
    return "\n".join(_lines(plan)) + "\n"


def _lines(plan: StackPlan) -> Iterator[str]:
    yield f"Plan of stack {plan.stack} (format {plan.version})"
    where = ("cloud", "region", "project", "account", "domain")
    yield from _fields({name: getattr(plan, name) for name in where})
    if plan.azure:
        yield "\nAzure"
        yield from _fields(_said(_facts(plan.azure)))
    yield "\nCluster"
    yield from _fields(_said(_facts(plan.cluster)))
    for pool in plan.pools:
        yield f"\nPool {pool.name}"
        yield from _fields(_pool(pool))
    yield from _models(plan)
    yield "\nNamespaces"
    yield from _fields(
        {one.name: one.pod_security + (f": {one.reason}" if one.reason else "") for one in plan.namespaces}
    )
    yield "\nComponents"
    yield from _fields({one.name: _component(one) for one in plan.components})
    yield "\nImages"
    yield from _fields(plan.images)
    if plan.registry:
        yield "\nRegistry that the stack makes"
        yield from _fields(_facts(plan.registry))
    yield "\nKnative features"
    yield from _fields(plan.knative_features or {"(none)": ""})
    yield "\nMonitoring"
    yield from _fields(_monitoring(plan.monitoring))
    if plan.compute_classes:
        yield "\nCompute classes"
        yield from _fields({one.name: one.pools for one in plan.compute_classes})
    if plan.quotas:
        yield "\nQuota"
        for quota in plan.quotas:
            # A pool's name, unlike a quota's, has no underscore that a label would lose.
            yield from _fields({", ".join(quota.pools): _quota(quota)})
    yield "\nCost"
    yield from _fields(cost_facts(plan.cost))


def _models(plan: StackPlan) -> Iterator[str]:
    """What serves them, and where their files come from."""
    for endpoint in plan.endpoints:
        yield f"\nEndpoint {endpoint.name}"
        yield from _fields(_endpoint(endpoint))
    for managed in plan.managed_endpoints:
        yield f"\nManaged endpoint {managed.name}"
        yield from _fields(_managed(managed))
    if plan.model_store:
        yield "\nModel files"
        yield from _fields(_model_store(plan.model_store))
    for vm in plan.tpu_vms:
        yield f"\nTPU VM {vm.name}"
        yield from _fields(_tpu_vm(vm))


def _fields(facts: Mapping[str, object]) -> Iterator[str]:
    for name, value in facts.items():
        # A name of ours has underscores where a person has spaces; one of somebody else's is left as it is.
        label = name if " " in name else name.replace("_", " ")
        yield f"  {label:<{_WIDTH}} {_value(value)}".rstrip()


def _value(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(_value(one) for one in value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key}={_value(inner)}" for key, inner in value.items()) or "-"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _facts(part: BaseModel) -> dict[str, object]:
    return {name: getattr(part, name) for name in type(part).model_fields}


def _said(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value or name not in _SAID_WHEN_SET}


def _taints(taints: Iterable[Taint]) -> list[str]:
    return [f"{taint.key}={taint.value}:{taint.effect}" for taint in taints]


def _pool(pool: PoolPlan) -> dict[str, object]:
    facts = _facts(pool) | {"taints": _taints(pool.taints)}
    if pool.sharing:
        facts["sharing"] = f"{pool.sharing.strategy}, {pool.sharing.max_clients} pods at most"
    facts = _said(facts)
    if pool.hosts_per_slice == 1:
        facts.pop("hosts_per_slice")
    if pool.devices_per_node == pool.accelerators_per_node:
        facts.pop("devices_per_node")
    facts.pop("name")
    facts.pop("made")
    plugin = facts.pop("device_plugin")
    if not pool.made:
        for key in ("accelerator_label", "capacity", "zones", "disk_gib", "node_image"):
            facts.pop(key)
        installed = "installed by this stack" if plugin else "there already"
        facts |= {"device_plugin": installed} if pool.resource_key else {}
    nodes = f"{facts.pop('min_nodes')} to {facts.pop('max_nodes')}"
    return {"machine_type": facts.pop("machine_type"), "nodes": nodes} | facts


def _endpoint(endpoint: EndpointPlan) -> dict[str, object]:
    source = endpoint.source
    return {
        "host": endpoint.host,
        "mode": endpoint.mode,
        "models": endpoint.models,
        "pool": endpoint.pool,
        **({"overflow_pools": endpoint.overflow_pools} if endpoint.overflow_pools else {}),
        "node_selector": endpoint.node_selector,
        "tolerations": _taints(endpoint.tolerations),
        "resources": _resources(endpoint.resources),
        "batching": _batching(endpoint.batching) + (", set by the stack file" if endpoint.triton_config else ""),
        **_scaling(endpoint.scaling),
        **_cold_start(endpoint.cold_start),
        **_expected(endpoint.expected),
        "slo": _slo(endpoint.slo),
        "source": f"{source.kind} {source.uri or ''}".rstrip(),
        **({"mounted_by": _mount(source.mount)} if source.mount else {}),
        "image": source.image,
        "content_hash": source.content_hash,
    }


def _mount(mount: MountPlan) -> str:
    how = f"claim {mount.claim}" if mount.claim else "a volume of the pod"
    return f"{mount.driver}, {how}, as service account {mount.service_account}"


def _model_store(store: ModelStorePlan) -> dict[str, object]:
    account: dict[str, object] = {"storage_account": store.account} if store.account else {}
    return account | {
        folder.endpoint: f"{', '.join(folder.models)}: {folder.files} files, {folder.size_mib:g} MiB, to {folder.uri}"
        for folder in store.folders
    }


def _managed(endpoint: ManagedEndpointPlan) -> dict[str, object]:
    facts = _facts(endpoint)
    low, high = endpoint.min_instances, endpoint.max_instances
    aim = f", {endpoint.requests_per_minute:g} requests a minute each" if endpoint.requests_per_minute else ""
    for name in ("name", "min_instances", "max_instances", "requests_per_minute", "quota_instances"):
        facts.pop(name)
    return facts | {
        "instances": f"{low} to {high}{aim}" if high > low else f"{low}, fixed",
        "batching": _batching(endpoint.batching),
        "slo": _slo(endpoint.slo),
        "quota": f"{endpoint.quota_instances} at most, while a new version takes over: {endpoint.quota}",
    }


def _tpu_vm(vm: TpuVmPlan) -> dict[str, object]:
    facts = _facts(vm)
    # Its quota is a row of the plan's own.
    for name in ("name", "chips", "hosts", "quota", "command"):
        facts.pop(name)
    machines = "one machine" if vm.hosts == 1 else f"{vm.hosts} machines"
    return facts | {"command": " ".join(vm.command) or None, "slice": f"{vm.chips} chips, {machines}"}


def _batching(batching: BatchingPlan) -> str:
    dynamic = f"dynamic, waits {batching.max_queue_delay_us} us at most" if batching.dynamic else "not dynamic"
    return f"{batching.max_batch_size} x {batching.instances} instances, {dynamic}"


def _slo(slo: SloPlan) -> str:
    return f"p99 {slo.p99_ms:g} ms, available {slo.availability_percent:g}%"


def _resources(resources: ResourcesPlan) -> str:
    devices = f", {resources.accelerators} x {resources.resource_key}" if resources.accelerators else ""
    return f"{resources.cpu_millicores} millicores, {resources.memory_mib} MiB{devices}"


def _scaling(scaling: ScalingPlan) -> dict[str, object]:
    hard = scaling.hard_concurrency or "no limit"
    return {
        "autoscaler": scaling.autoscaler,
        "replicas": f"{scaling.min_replicas} to {scaling.max_replicas}, starts with {scaling.initial_replicas}",
        "concurrency": f"aims at {scaling.target_concurrency} a replica, lets through {hard}",
        "idle": f"{scaling.idle_seconds} s",
        "progress_deadline": f"{scaling.progress_deadline_seconds} s",
        "request_timeout": f"{scaling.request_timeout_seconds} s",
    }


def _cold_start(budget: ColdStartPlan | None) -> dict[str, object]:
    return {"cold_start": f"{budget.total_seconds} s: {budget}"} if budget else {}


def _expected(expected: ExpectedPlan | None) -> dict[str, object]:
    if expected is None:
        return {}
    facts: dict[str, object] = {
        "at_plan": f"{expected.min_replicas} to {expected.max_replicas} replicas: {expected.basis}"
    }
    if expected.p99_ms is not None:
        facts["predicted"] = f"p50 {expected.p50_ms:g} ms, p99 {expected.p99_ms:g} ms"
    return facts


def _component(component: ComponentPlan) -> str:
    parts = [component.version, str(component.source), f"in {component.namespace}"]
    parts += [f"chart {component.chart} of {component.repository}"] if component.chart else []
    parts += [f"sha256 {component.manifest_sha256}"] if component.manifest_sha256 else []
    return ", ".join(parts)


def _monitoring(monitoring: MonitoringPlan | None) -> dict[str, object]:
    if monitoring is None:
        return {"(none)": ""}
    told = "a webhook, the secret alert_webhook_url" if monitoring.alert_webhook else "nobody; Alertmanager shows them"
    volume = {"volume": f"{monitoring.storage_gib} GiB of {monitoring.storage_class}"} if monitoring.storage_gib else {}
    return {"samples_kept": f"{monitoring.retention_hours} h", **volume, "alerts_go_to": told}


def _quota(quota: QuotaPlan) -> str:
    known = f"{quota.name} ({quota.code})" if quota.code and quota.code != quota.name else quota.name
    return f"{quota.needed:g} {quota.unit} at most: {known}"
