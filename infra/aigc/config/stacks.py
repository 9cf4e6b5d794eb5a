"""Where stack files and models are, so that no layer computes it again and the working directory never matters."""

from __future__ import annotations

from pathlib import Path

from aigc.catalog.faults import fail
from aigc.config.problems import did_you_mean, one_of, printable

PROJECT_ROOT = Path(__file__).resolve().parents[3]
"""The folder of Pulumi.yaml: this file is infra/aigc/config/stacks.py and the package is installed editable."""
STACKS = PROJECT_ROOT / "stacks"
MODEL_REPOSITORY = PROJECT_ROOT / "model_repository"


def stack_names(folder: Path = STACKS) -> tuple[str, ...]:
    """Every stack there is, sorted."""
    return tuple(
        sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.?*.yaml"))
    )


def stack_path(name: str, folder: Path = STACKS) -> Path:
    """The file of a stack; a name that has none is a fault listing those that have."""
    known = stack_names(folder)
    if name not in known:
        hint = did_you_mean(name, known, "stacks") if known else f"make stacks/Pulumi.{printable(name)}.yaml"
        raise fail(f"stack {printable(name)}", f"there is no stacks/Pulumi.{printable(name)}.yaml", hint)
    return folder / f"Pulumi.{name}.yaml"


def stack_of(path: Path) -> str:
    """The stack a file belongs to, by its name; a fault when it is not named like a stack file."""
    name = path.name
    if not (name.startswith("Pulumi.") and name.endswith(".yaml") and len(name) > len("Pulumi..yaml")):
        raise fail(str(path), "is not named like a stack file", f"call it {one_of(['Pulumi.<cloud>-<env>.yaml'])}")
    return name.removeprefix("Pulumi.").removesuffix(".yaml")


def shown(path: Path) -> str:
    """A path as messages print it: relative to the project where it is inside."""
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, a NUL in the name
        return printable(path)
    return str(resolved.relative_to(PROJECT_ROOT)) if resolved.is_relative_to(PROJECT_ROOT) else str(path)
