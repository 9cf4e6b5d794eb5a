"""The base of every part of a plan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Its values never change, and it has no field that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")
