"""Which model of a pod computes, and what: the one whose card states its work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aigc.catalog.model_work import ModelWork
from aigc.plan.cost_model.rejection import Rejection
from aigc.plan.cost_model.request import Request
from aigc.plan.repository import Model


@dataclass(frozen=True)
class ServedWork:
    """A model as its requests see it."""

    model: str
    """The one that is asked, not one that works for it."""
    work: ModelWork | Rejection
    context_tokens: int | None = None
    """Prompt and answer may have so many together; None is without limit, or unknown."""


def served_work(models: Sequence[Model]) -> ServedWork:
    """The work of a model and those it requires, as `companions` lists them: itself first."""
    asked = models[0]
    stated = [model for model in models if model.card.work is not None]
    work = stated[0].card.work if len(stated) == 1 else None
    return ServedWork(asked.name, work or _unclear(asked.name, stated), asked.card.context_tokens)


def exceeds_context(served: ServedWork, request: Request) -> Rejection | None:
    """Why the model cannot hold a request's tokens; None where it can, or has no known limit."""
    if served.context_tokens is None or request.tokens <= served.context_tokens:
        return None
    holds = f"the context of {served.model} holds {served.context_tokens}"
    return Rejection(f"a request has {request.tokens} tokens, {holds}")


def _unclear(asked: str, stated: Sequence[Model]) -> Rejection:
    if stated:
        names = " and ".join(model.name for model in stated)
        return Rejection(f"{names} both state work, and how often {asked} calls each of them is not known")
    return Rejection(f"the work of {asked} is not known: neither it nor a model that it requires has a work.yaml")
