"""Rules the real engine enforces before a provider sees a resource, in its own words where it has any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts.engine.graph import PROVIDER_PREFIX, STACK_TYPE
from scripts.engine.wire import UNKNOWN, is_secret

DISABLE_DEFAULT_PROVIDERS = "pulumi:disable-default-providers"
AUTONAMING = "pulumi:autonaming"


class ProgramError(Exception):
    """The program declared something that the real engine would refuse, or that cannot be seen offline."""


def qualified_type(parent_urn: str, type_token: str) -> str:
    """The full chain of types down to this one; the stack's own type is left out."""
    if not parent_urn:
        return type_token
    parent_types = parent_urn.split("::")[2]
    return type_token if parent_types == STACK_TYPE else f"{parent_types}${type_token}"


def make_urn(stack: str, project: str, parent_urn: str, type_token: str, name: str) -> str:
    """The URN of a resource, as Pulumi makes it."""
    return f"urn:pulumi:{stack}::{project}::{qualified_type(parent_urn, type_token)}::{name}"


def package_of(token: str) -> str:
    """`kubernetes` of `kubernetes:core/v1:Namespace`."""
    return token.split(":", 1)[0]


def provider_urn(reference: str) -> str:
    """A provider reference is `<urn>::<id>`; only the URN is the same in preview and afterwards."""
    return reference.rsplit("::", 1)[0] if reference.count("::") > 3 else reference


def default_provider_urn(stack: str, project: str, package: str, version: str) -> str:
    """The provider the real engine makes when a resource names none."""
    name = f"default_{version.replace('.', '_')}" if version else "default"
    return f"urn:pulumi:{stack}::{project}::{PROVIDER_PREFIX}{package}::{name}"


def default_providers_refused(config: Mapping[str, str], package: str) -> bool:
    """Whether `pulumi:disable-default-providers` names this package."""
    listed = json.loads(config.get(DISABLE_DEFAULT_PROVIDERS) or "[]")
    return isinstance(listed, list) and ("*" in listed or package in listed)


def check_default_provider(config: Mapping[str, str], type_token: str, urn: str) -> None:
    """A resource without a provider of its own is an error where default providers are disabled."""
    package = package_of(type_token)
    if package != "pulumi" and default_providers_refused(config, package):
        raise ProgramError(f"Default provider for '{package}' disabled. '{urn}' must use an explicit provider.")


def check_default_provider_of_invoke(config: Mapping[str, str], token: str) -> None:
    """The same rule for a function of a provider."""
    package = package_of(token)
    if package != "pulumi" and default_providers_refused(config, package):
        raise ProgramError(
            f"Invoke: Default provider for '{package}' disabled. '{token}' must use an explicit provider."
        )


def name_of_object(config: Mapping[str, str], urn: str, logical_name: str, inputs: dict[str, Any]) -> str | None:
    """The `metadata.name` of a Kubernetes object without one, by the stack's `pulumi:autonaming`; None: it has one.

    Without that setting the real engine would draw a random name, which is unknowable here.
    """
    metadata = inputs.get("metadata")
    if metadata == UNKNOWN or is_secret(metadata) or (isinstance(metadata, dict) and metadata.get("name")):
        return None
    mode = json.loads(config.get(AUTONAMING) or "{}")
    if isinstance(mode, dict) and mode.get("mode") == "verbatim":
        return logical_name
    raise ProgramError(
        f"'{urn}' has no metadata.name, and automatic naming is disabled: give the object a name of its own"
    )


def check_release_name(urn: str, inputs: Mapping[str, Any]) -> None:
    """A Helm Release ignores `pulumi:autonaming` and would get a random name."""
    if not inputs.get("name"):
        raise ProgramError(f"'{urn}' has no name: a Helm Release without one gets a random name, give it one")
