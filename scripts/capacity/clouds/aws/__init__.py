"""AWS: boto3 with the credentials, region settings and endpoints of the SDK's own environment variables and files.

Needed rights, all read-only: servicequotas:GetServiceQuota, GetAWSDefaultServiceQuota and ListServiceQuotas,
cloudwatch:GetMetricStatistics, ec2:DescribeInstanceTypeOfferings, DescribeAvailabilityZones,
DescribeSpotPriceHistory and DescribeCapacityReservations, pricing:GetProducts. A missing one leaves its fact unknown
and is named there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aigc.catalog.faults import fail
from aigc.plan.stack_plan import PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.clouds.aws.access import Access, open_access
from scripts.capacity.clouds.aws.prices import on_demand_usd, spot_usd
from scripts.capacity.clouds.aws.reservations import reserved
from scripts.capacity.clouds.aws.service_quotas import ServiceQuotas
from scripts.capacity.clouds.aws.zones import offerings
from scripts.capacity.facts import Deadline, Fact, Known, Offering, QuotaAnswer, Reserved

PRICES_FROM = "AWS's price list and EC2's spot price history"
NOT_ASKED = (
    "whether a machine can be had this minute: AWS tells only when one is started; a capacity reservation keeps it",
)


class Aws:
    """One account in one region."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._quotas = ServiceQuotas(access)
        self._offerings: dict[str, Fact[Offering]] = {}
        self._on_demand: dict[str, Fact[float]] = {}

    @property
    def account(self) -> Fact[str]:
        """The account's number and who asks."""
        return self._access.identity

    @property
    def not_asked(self) -> tuple[str, ...]:
        """See `NOT_ASKED`."""
        return NOT_ASKED

    def quotas(self, pools: Sequence[PoolPlan], needs: Sequence[QuotaPlan]) -> tuple[QuotaAnswer, ...]:
        """EC2's quotas count vCPUs a family; there are none besides those of the plan."""
        return tuple(QuotaAnswer(need, self._quotas.ask(need)) for need in needs)

    def offerings(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Offering]]:
        """One paged question for all that were not asked for before."""
        new = [name for name in machine_types if name not in self._offerings]
        if new:
            self._offerings |= offerings(self._access, new)
        return {name: self._offerings[name] for name in machine_types}

    def reserved(self, pools: Sequence[PoolPlan]) -> Mapping[str, Fact[Reserved]]:
        """On-demand capacity reservations and Capacity Blocks alike."""
        return {pool.name: reserved(self._access, pool) for pool in pools}

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """A question a machine type: the price list has no other filter."""
        for name in machine_types:
            if name not in self._on_demand:
                self._on_demand[name] = on_demand_usd(self._access, name)
        return {name: self._on_demand[name] for name in machine_types}

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """One paged question for all."""
        return spot_usd(self._access, machine_types) if machine_types else {}


def open_cloud(plan: StackPlan, deadline: Deadline) -> Aws:
    """AWS as the plan's account sees it; see `scripts.capacity.contract.open_cloud`."""
    access = open_access(plan.region or "", deadline)
    identity = access.identity
    if isinstance(identity, Known) and identity.value.split(" ")[0] != plan.account:
        raise fail(
            f"stack {plan.stack}",
            f"the AWS credentials are of account {identity.value}, the stack is for {plan.account}",
            "set AWS_PROFILE to a profile of that account, or mend `account:` in the stack file",
        )
    return Aws(access)


def open_prices(region: str, deadline: Deadline) -> Aws:
    """Prices of a region, the same for every account; see `scripts.capacity.contract.open_prices`."""
    return Aws(open_access(region, deadline))
