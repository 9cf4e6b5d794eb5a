"""The part of a plan that only a stack on Azure has."""

from __future__ import annotations

from aigc.catalog.kinds import NetworkPolicyEngine
from aigc.plan.frozen import Frozen


class AzurePlan(Frozen):
    """Whose it is, who administers it, where its images are, what AKS makes first."""

    subscription: str
    admin_group: str
    """Object id of the Entra group that administers the cluster."""
    registry_id: str | None
    """Azure's id of a container registry that is there already, for the nodes to pull from; None without one."""
    system_pool: str
    """The pool that AKS makes together with the cluster, and puts its own pods on."""
    network_policy: NetworkPolicyEngine = NetworkPolicyEngine.CALICO
    """What enforces network policies."""
    node_auto_provisioning: bool = False
    """Whether AKS runs Karpenter, and no autoscaler that resizes agent pools."""
    uptime_sla: bool = True
    """Whether Azure answers for the uptime of the API server, and charges for it."""
