"""The AWS stacks as they are with Karpenter."""

from __future__ import annotations

import pytest

from aigc.plan.stack_plan import StackPlan
from tests.fleets.karpenter.variants import plan_of_file, with_karpenter


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> StackPlan:
    return plan_of_file(with_karpenter("aws-dev", tmp_path_factory.mktemp("dev"))[0])


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> StackPlan:
    return plan_of_file(with_karpenter("aws-prod", tmp_path_factory.mktemp("prod"))[0])
