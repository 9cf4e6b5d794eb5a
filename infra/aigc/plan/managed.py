"""Models of mode managed: what the stack file says, and the rules of their service for what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from aigc.catalog import cold_start
from aigc.catalog.kinds import Cloud
from aigc.catalog.limits import SAGEMAKER_NAME_CHARS
from aigc.catalog.managed import ManagedMachine, ManagedService, managed_machines, managed_service
from aigc.catalog.services import HOURS_PER_MONTH
from aigc.catalog.versions import versions
from aigc.config.spec import ModelSpec, RequestedMode, StackSpec
from aigc.plan import scaling
from aigc.plan.content_hash import files_hash
from aigc.plan.cost import CostInterval, CostItem
from aigc.plan.managed_plan import ManagedEndpointPlan
from aigc.plan.model_store_plan import ModelStorePlan
from aigc.plan.names import cluster_name, endpoint_name, physical
from aigc.plan.parts import SloPlan
from aigc.plan.repository import Model

_FLEETS_DURING_AN_UPDATE = 2
"""The service starts every machine of a new version before it ends one of the old."""


def bounds(asked: ModelSpec, service: ManagedService) -> tuple[int, int]:
    """Fewest and most machines; one number unless two are asked for."""
    low = service.fewest_instances if asked.replicas.min is None else asked.replicas.min
    return low, asked.replicas.max or max(1, low)


def startup_seconds(asked: ModelSpec, row: ManagedMachine) -> int:
    """How long a machine may take to load; whether it is there is the service's own matter."""
    accelerated = bool(row.carries and row.carries.accelerator_id)
    usual = cold_start.ACCELERATED_MANAGED_SECONDS if accelerated else cold_start.MANAGED_SECONDS
    return asked.scaling.progress_deadline_seconds or usual


def image_of(service: ManagedService, region: str) -> str:
    """The image of Triton in the registry of a region; the caller has checked that there is one."""
    account = service.image.registries[region]
    # SageMaker's ContainerDefinition knows repository:tag and repository@digest.
    image = versions().upstream_images[service.image.upstream].by_digest_alone()
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{image}"


def managed_endpoints(
    spec: StackSpec,
    stack: str,
    models: Mapping[str, tuple[Model, ...]],
    repository: Path,
    store: ModelStorePlan | None = None,
) -> tuple[ManagedEndpointPlan, ...]:
    """Those of a spec without faults, in the file's order; `store` has the folders that the stack fills itself."""
    service = managed_service(spec.cloud)
    return tuple(
        _endpoint(
            spec, stack, name, models[name], digest=files_hash(repository, models[name]), uri=_uri(name, asked, store)
        )
        for name, asked in spec.models.items()
        if service and asked.mode is RequestedMode.MANAGED
    )


def _uri(model: str, asked: ModelSpec, store: ModelStorePlan | None) -> str:
    filled = store.folder_of(endpoint_name(model)) if store else None
    return filled.uri if filled else asked.source.uri or ""


def _endpoint(
    spec: StackSpec, stack: str, model: str, served: tuple[Model, ...], *, digest: str, uri: str
) -> ManagedEndpointPlan:
    asked, service, name = spec.models[model], managed_service(spec.cloud), endpoint_name(model)
    assert service and asked.managed and uri and spec.region  # noqa: S101 - checked_models refused others
    row = managed_machines(spec.cloud)[asked.managed.machine_type]
    low, high = bounds(asked, service)
    accelerator = row.carries.accelerator_id if row.carries else None
    return ManagedEndpointPlan(
        name=name,
        service=service.name,
        physical_name=physical(f"{cluster_name(stack)}-{name}", SAGEMAKER_NAME_CHARS),
        models=tuple(one.name for one in served),
        machine_type=row.machine_type,
        accelerator=accelerator,
        min_instances=low,
        max_instances=high,
        requests_per_minute=asked.managed.requests_per_minute if high > low else None,
        idle_seconds=scaling.idle_seconds(asked, accelerator is not None),
        startup_seconds=startup_seconds(asked, row),
        image=image_of(service, spec.region),
        system_image=service.image.gpu_system_image if accelerator else None,
        uri=uri,
        content_hash=digest,
        batching=scaling.batching(served[0].config),
        slo=SloPlan(p99_ms=asked.slo.p99_ms, availability_percent=asked.slo.availability_percent),
        quota=service.quota.format(machine_type=row.machine_type),
        quota_instances=_FLEETS_DURING_AN_UPDATE * high,
    )


def managed_costs(
    cloud: Cloud, region: str | None, endpoints: tuple[ManagedEndpointPlan, ...]
) -> Iterator[tuple[CostItem, list[str]]]:
    """A line of the bill an endpoint, and what nobody knows of it; a price counts only in its own region."""
    for endpoint in endpoints:
        row = managed_machines(cloud)[endpoint.machine_type]
        what = f"machines of managed endpoint {endpoint.name}"
        usd = row.usd_per_hour if row.price_region == region else None
        low, high = endpoint.min_instances, endpoint.max_instances
        item = CostItem(
            name=f"{what} ({endpoint.machine_type})",
            floor=_interval(usd, low, low),
            at_plan=_interval(usd, low, high),
            maximum=_interval(usd, high, high),
        )
        yield item, [] if usd is not None else [f"{what} ({endpoint.machine_type}: no price of {endpoint.service})"]


def _interval(usd_per_hour: float | None, fewest: int, most: int) -> CostInterval:
    if usd_per_hour is None:
        return CostInterval(usd_per_month_low=0.0, usd_per_month_high=None)
    each = usd_per_hour * HOURS_PER_MONTH
    return CostInterval(usd_per_month_low=each * fewest, usd_per_month_high=each * most).rounded()
