"""What a kWh of a region's grid emits, from grid_carbon.yaml."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from aigc.catalog.data import Row, read_yaml, typed
from aigc.catalog.kinds import Cloud

_WATTS_A_KW = 1000


class _GridCarbon(Row):
    generated: str
    about: str
    source: str
    grams_co2e_per_kwh: dict[Cloud, dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]]


@cache
def _grid_carbon() -> _GridCarbon:
    return typed(_GridCarbon, read_yaml("grid_carbon.yaml"), "catalog/grid_carbon.yaml")


def grams_co2e_per_kwh(cloud: str, region: str | None) -> float | None:
    """A year's mean of the grid, without what a cloud buys or offsets; None is unknown."""
    return _grid_carbon().grams_co2e_per_kwh.get(Cloud(cloud), {}).get(region or "")


def grams_co2e_per_hour(cloud: str, region: str | None, watts: float | None) -> float | None:
    """What that grid emits for so many watts; None where one of the two is unknown."""
    intensity = grams_co2e_per_kwh(cloud, region)
    return None if watts is None or intensity is None else watts * intensity / _WATTS_A_KW
