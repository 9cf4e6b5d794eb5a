"""Reads the YAML files of the catalog: one place, so that a broken row is reported with its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from aigc.catalog.faults import Fault, UserError, fail

HERE = Path(__file__).parent


class Row(BaseModel):
    """A frozen row of the catalog; a misspelt column is an error, not a silent loss."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


RowT = TypeVar("RowT", bound=BaseModel)


def catalog_path(name: str) -> Path:
    """Where a file of the catalog is, or would be."""
    return HERE / name


def plain_yaml(text: str) -> Any:
    """Plain values from YAML, by the parser in C where libyaml is there: the catalog's machines alone are 100 kB.

    Raises:
        yaml.YAMLError: it is none.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders: they construct plain values only


def read_yaml(name: str) -> dict[str, Any]:
    """The content of a catalog file."""
    try:
        content = plain_yaml(catalog_path(name).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise fail(f"catalog/{name}", f"is not YAML: {error}", "mend the row that was edited last") from error
    if not isinstance(content, dict):
        raise fail(f"catalog/{name}", "is not a mapping", "take it from the last commit that worked")
    return content


def typed(model: type[RowT], content: Any, where: str) -> RowT:
    """`content` as `model`, or a UserError naming every wrong column."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UserError(
            Fault(f"{where}: {'.'.join(str(part) for part in one['loc'])}", one["msg"], "mend this row of the catalog")
            for one in error.errors()
        ) from error
