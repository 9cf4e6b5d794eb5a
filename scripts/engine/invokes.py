"""Functions of providers that can be answered from their arguments alone; every other one is a live look-up."""

from __future__ import annotations

from typing import Any

from scripts.engine.yaml_scalars import load_manifests


class InvokeRefusedError(Exception):
    """The function needs a cloud, a cluster or a tool: one commit would no longer be one plan."""


def answer(token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The function's result."""
    if token == "kubernetes:yaml:decode":  # noqa: S105 - the name of a function
        return {"result": decode(str(arguments.get("text", "")))}
    raise InvokeRefusedError(
        f"'{token}' looks something up while the graph is made, which cannot be done offline. "
        "Put the value into the stack file or take it from a resource's output"
    )


def decode(text: str) -> list[dict[str, Any]]:
    """Objects of a manifest; documents without kind or apiVersion are skipped."""
    documents = load_manifests(text)
    return [item for item in documents if isinstance(item, dict) and "kind" in item and "apiVersion" in item]
