"""What a stack on Azure has and no other: subscription, administrators, registry, system pool, the marks of spot."""

from __future__ import annotations

from aigc.catalog import labels, limits
from aigc.catalog.kinds import CapacityType, Cloud, NetworkPolicyEngine
from aigc.config.spec import StackSpec
from aigc.plan.capacity import capacity_of, machine_of
from aigc.plan.node_provisioning import with_karpenter
from aigc.plan.stack_plan import AzurePlan, Taint

ACR_DOMAIN = ".azurecr.io"
"""Of Azure's public cloud, the only one that is built for."""


def azure_plan(spec: StackSpec, stack: str) -> AzurePlan | None:
    """None on another cloud; the checks saw to it that everything is there."""
    system = system_pool(spec)
    if spec.cloud is not Cloud.AZURE or spec.subscription is None or spec.admin_group is None or system is None:
        return None
    return AzurePlan(
        subscription=spec.subscription,
        admin_group=spec.admin_group,
        registry_id=registry_id(spec.subscription, spec.registry_resource_group, registry_name(spec.registry)),
        system_pool=system,
        # Karpenter does not go with Calico (azure-aks-docs, node-auto-provisioning-networking.md). The choice decides,
        # and no pool: one more must not change the engine of a cluster that runs.
        network_policy=NetworkPolicyEngine.CILIUM if with_karpenter(spec) else NetworkPolicyEngine.CALICO,
        node_auto_provisioning=with_karpenter(spec),
        uptime_sla=stack.endswith("-prod") if spec.uptime_sla is None else spec.uptime_sla,
    )


def registry_name(registry: str | None) -> str | None:
    """Name of a container registry of Azure, from where images are pulled: `name.azurecr.io/...`."""
    host = (registry or "").partition("/")[0]
    return host.removesuffix(ACR_DOMAIN) if host.endswith(ACR_DOMAIN) else None


def registry_id(subscription: str, group: str | None, name: str | None) -> str | None:
    """Azure's id of a registry that somebody made in this group, so that nothing else tells where it is."""
    if group is None or name is None:
        return None
    place = f"/subscriptions/{subscription}/resourceGroups/{group}"
    return f"{place}/providers/Microsoft.ContainerRegistry/registries/{name}"


def system_pool(spec: StackSpec) -> str | None:
    """The first pool that AKS takes for its own pods: on demand, without accelerator, never empty, large enough."""

    def suits(name: str) -> bool:
        pool = spec.pools[name]
        machine = machine_of(spec, pool)
        return (
            machine is not None
            and machine.accelerator_id is None
            and (machine.vcpus or 0) >= limits.AKS_SYSTEM_POOL_VCPUS
            and pool.min_nodes > 0
            and capacity_of(spec, pool) is not CapacityType.SPOT
        )

    return next(filter(suits, spec.pools), None)


def spot_taint(cloud: Cloud, capacity: CapacityType) -> tuple[Taint, ...]:
    """What AKS itself puts on nodes of a spot pool (azure-aks-docs, spot-node-pool.md)."""
    if cloud is not Cloud.AZURE or capacity is not CapacityType.SPOT:
        return ()
    return (Taint(key=labels.AKS_PRIORITY, value=labels.AKS_SPOT, effect="NoSchedule"),)


def spot_label(cloud: Cloud, capacity: CapacityType) -> dict[str, str]:
    """The same as a label."""
    return {taint.key: taint.value for taint in spot_taint(cloud, capacity)}
