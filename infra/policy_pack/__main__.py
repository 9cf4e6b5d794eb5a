"""The policy pack: `pulumi up --policy-pack infra/policy_pack` refuses what `preview` would call broken."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from aigc.policy.judge import ALL_RULES
from aigc.policy.pulumi_view import Inputs, message
from aigc.policy.rule import Finding, Rule, Weight


def level(rule: Rule, environment: Mapping[str, str]) -> EnforcementLevel:
    """What Pulumi does with a finding; the engine names the stack, and a preview, in the environment."""
    looks = environment.get("PULUMI_DRY_RUN") == "true"
    production = environment.get("PULUMI_STACK", "").endswith("-prod")
    if rule.weight is Weight.MANDATORY or (rule.weight is Weight.PRODUCTION_UP and production and not looks):
        return EnforcementLevel.MANDATORY
    return EnforcementLevel.ADVISORY


def _of_one(rule: Rule, environment: Mapping[str, str], inputs: Inputs) -> Policy:
    """Asked before a resource is made."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _report(rule.check(inputs.alone(args)), report)

    return ResourceValidationPolicy(
        name=rule.name, description=rule.description, validate=validate, enforcement_level=level(rule, environment)
    )


def _of_all(rule: Rule, environment: Mapping[str, str], inputs: Inputs) -> Policy:
    """Asked when every resource of the preview or the update is known."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        _report(rule.check(inputs.together(args.resources)), report)

    return StackValidationPolicy(
        name=rule.name, description=rule.description, validate=validate, enforcement_level=level(rule, environment)
    )


def _report(findings: Iterable[Finding], report: ReportViolation) -> None:
    for finding in findings:
        report(message(finding), finding.urn)


def _remember(inputs: Inputs) -> Policy:
    def validate(args: ResourceValidationArgs, _: ReportViolation) -> None:
        inputs.remember(args)

    return ResourceValidationPolicy(
        name="inputs-are-seen",
        description="Keeps what the program says of each resource, for rules that look at several.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )


def policies(environment: Mapping[str, str]) -> list[Policy]:
    """One policy a rule; Pulumi hands no secretness to a policy, so what needs it is `preview`'s alone."""
    inputs = Inputs()
    decided = [rule for rule in ALL_RULES if not rule.needs_secretness]
    return [
        _remember(inputs),
        *((_of_one if rule.alone else _of_all)(rule, environment, inputs) for rule in decided),
    ]


if __name__ == "__main__":
    PolicyPack(name="aigc", policies=policies(os.environ))
