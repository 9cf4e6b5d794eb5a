"""What `capacity` asks of a cloud: six questions, so that another cloud is one file (`clouds/<cloud>.py`).

Such a module has one function, `open_cloud(plan, deadline)`; it is found by its place, as the clouds of the program
are, and imported only for a stack of its cloud: each SDK costs most of a second.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from aigc.catalog.faults import fail
from aigc.plan.stack_plan import PoolPlan, QuotaPlan, StackPlan
from scripts.capacity import clouds
from scripts.capacity.facts import Deadline, Fact, Offering, QuotaAnswer, Reserved


class LiveCloud(Protocol):
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

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """Machine type -> US dollars an hour, Linux, in the stack's region."""

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """Machine type -> zone -> US dollars an hour now; zone `*` is all of the region."""


class _Module(Protocol):
    def open_cloud(self, plan: StackPlan, deadline: Deadline) -> LiveCloud: ...


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
    module = cast(_Module, importlib.import_module(f"scripts.capacity.clouds.{plan.cloud.value}"))
    return module.open_cloud(plan, deadline)
