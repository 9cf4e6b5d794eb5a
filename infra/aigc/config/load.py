"""The only reader of `pulumi.Config`: whatever else needs a value of the configuration takes it from the spec."""

from __future__ import annotations

import pulumi

from aigc.catalog.faults import UserError, fail
from aigc.config.problems import ROOT
from aigc.config.schema_problems import judge
from aigc.config.spec import StackSpec


def load_spec() -> StackSpec:
    """The spec of the stack that is being deployed; raises UserError with every fault."""
    try:
        data = pulumi.Config("aigc").require_object("stack")
    except pulumi.ConfigMissingError as error:
        raise fail(ROOT, "is not in this stack's configuration", "stacks/README.md shows a stack file") from error
    except pulumi.ConfigTypeError as error:
        raise fail(ROOT, "is not an object", "write it as a mapping below `aigc:stack:`") from error
    judged = judge(data)
    if judged.spec is None or judged.problems:
        raise UserError(problem.fault() for problem in judged.problems)
    return judged.spec
