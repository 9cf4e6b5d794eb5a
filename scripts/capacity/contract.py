"""What `capacity` asks of a cloud: six questions, so that another cloud is one module in `clouds/`.

Such a module has a function `open_cloud(plan, deadline)`; it is found by its place, as the clouds of the program are,
and imported only for a stack of its cloud: each SDK costs most of a second. One whose cloud says what a machine costs
has `open_prices(region, deadline)` besides, for `pin --prices`, and names in `PRICES_FROM` who says so.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Protocol, cast

from aigc.catalog.faults import fail
from aigc.plan.stack_plan import PoolPlan, QuotaPlan, StackPlan
from scripts.capacity import clouds
from scripts.capacity.facts import Deadline, Fact, Offering, QuotaAnswer, Reserved


class LivePrices(Protocol):
    """What machines cost in one region now; what fails is `Unknown` with its reason."""

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """Machine type -> US dollars an hour, Linux."""

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """Machine type -> zone -> US dollars an hour now; zone `*` is all of the region."""


class LiveCloud(LivePrices, Protocol):
    """A cloud seen through one account. Answers come for all that is asked; what fails is `Unknown` with its reason."""

    @property
    def account(self) -> Fact[str]:
        """Whose answers these are: account, project or subscription."""

    @property
    def not_asked(self) -> tuple[str, ...]:
        """What no question here can answer, a sentence each; reports print it."""

    def quotas(self, pools: Sequence[PoolPlan], needs: Sequence[QuotaPlan]) -> tuple[QuotaAnswer, ...]:
        """Every quota of `needs`, and any further one that `pools` count against."""

    def offerings(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Offering]]:
        """Machine type -> zones of the region in which it is sold; none at all is an answer, too."""

    def reserved(self, pools: Sequence[PoolPlan]) -> Mapping[str, Fact[Reserved]]:
        """Pool -> what is reserved of its machine type; of the reservation that it names, where it names one."""


class _Module(Protocol):
    def open_cloud(self, plan: StackPlan, deadline: Deadline) -> LiveCloud: ...


class _PricedModule(Protocol):
    PRICES_FROM: str

    def open_prices(self, region: str, deadline: Deadline) -> LivePrices: ...


def clouds_that_answer() -> tuple[str, ...]:
    """The clouds that can be asked, by name."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(clouds.__path__)))


def open_cloud(plan: StackPlan, deadline: Deadline) -> LiveCloud:
    """The cloud of a plan, with the credentials at hand.

    Raises:
        UserError: the stack has no cloud to ask, or there are no credentials, or they are of another account.
    """
    known = clouds_that_answer()
    if plan.cloud.value not in known:
        why = "cannot be asked yet" if plan.cloud.makes_nodes else "sells nothing: its nodes are there already"
        raise fail(
            f"stack {plan.stack}",
            f"cloud {plan.cloud.value} {why}",
            f"name a stack of {', '.join(known)}; `python -m scripts status` shows what a cluster has",
        )
    return cast(_Module, _module(plan.cloud.value)).open_cloud(plan, deadline)


def clouds_with_prices() -> tuple[str, ...]:
    """The clouds that say what a machine costs, by name."""
    return tuple(name for name in clouds_that_answer() if hasattr(_module(name), "open_prices"))


def open_prices(cloud: str, region: str, deadline: Deadline) -> LivePrices:
    """Prices of a region of one of `clouds_with_prices`, whichever account asks.

    Raises:
        UserError: the cloud tells nobody without credentials, and there are none.
    """
    return cast(_PricedModule, _module(cloud)).open_prices(region, deadline)


def prices_from(cloud: str) -> str:
    """Who says what a machine of this cloud costs."""
    return cast(_PricedModule, _module(cloud)).PRICES_FROM


def _module(cloud: str) -> ModuleType:
    return importlib.import_module(f"scripts.capacity.clouds.{cloud}")
