"""The only reader of `pulumi.Config`: whatever else needs a value of the configuration takes it from the spec."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pulumi

from aigc.catalog.faults import UserError, fail
from aigc.config.problems import ALERT_WEBHOOK, ROOT, SECRETS, SET_ALERT_WEBHOOK
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


def alert_webhook_url(spec: StackSpec) -> pulumi.Output[str] | None:
    """Where alerts are sent, a secret, for it may contain a token; None where the stack sends none."""
    if not spec.monitoring.alert_webhook:
        return None
    # The text, not the object: offline a secret is unknown as a whole, and parsing would make known values of it.
    secrets = pulumi.Config("aigc").get_secret("secrets")
    if secrets is None:
        raise fail(SECRETS, f"holds no {ALERT_WEBHOOK}", SET_ALERT_WEBHOOK)
    return secrets.apply(webhook_url)


def webhook_url(secrets: str) -> str:
    """The URL out of the JSON of `aigc:secrets`; no message repeats it.

    Raises:
        UserError: it is not there, or no URL that Alertmanager can send to.
    """
    try:
        url = json.loads(secrets)[ALERT_WEBHOOK]
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, KeyError, TypeError, AttributeError):
        raise fail(f"{SECRETS}.{ALERT_WEBHOOK}", "is missing or is no URL", SET_ALERT_WEBHOOK) from None
    if parts.scheme != "https" or not parts.hostname or port not in (None, 443):
        problem = "is no https URL on port 443: alerts name what fails, and network policies open no other port"
        raise fail(f"{SECRETS}.{ALERT_WEBHOOK}", problem, SET_ALERT_WEBHOOK)
    return str(url)
