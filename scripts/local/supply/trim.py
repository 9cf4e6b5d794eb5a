"""A Go module without some of its files, for a build that takes half the time; what is left out says so when asked for.

The compiler takes each file of a package, needed or not, and refuses a replacement for one file in the module cache. So
the module is copied, files are left out, and for each of their constructors that is still called there is one that
fails. Everything else is compiled as it was published.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from aigc.catalog.faults import fail

NOT_COPIED = shutil.ignore_patterns("*_test.go", "tests", "vendor")


@dataclass(frozen=True)
class Trim:
    """What of a module is left out; paths are inside it."""

    leave_out: str
    """Pattern of files of one package."""
    keep: tuple[str, ...]
    """Names of those among them that stay."""
    called_in: str
    """The file that calls the constructors, all of which return (Scaler, error)."""

    @property
    def package(self) -> str:
        """The folder of what is left out."""
        return self.leave_out.rpartition("/")[0]


def trimmed_module(source: Path, trim: Trim, target: Path) -> None:
    """Copy a module to `target` without what is left out.

    Raises:
        UserError: a file that is to stay is not there, or nothing would be left out: the module is another version.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=NOT_COPIED)
    candidates = {path.name: path for path in target.glob(trim.leave_out)}
    if strangers := sorted(set(trim.keep) - candidates.keys()):
        raise fail("k8s/local/groups.yaml", f"keeps {', '.join(strangers)}, not in {source.name}", "name what is there")
    for name in candidates.keys() - set(trim.keep):
        candidates[name].unlink()
    package = target / trim.package
    stubs = stub_text(package, (target / trim.called_in).read_text())
    (package / "left_out.go").write_text(stubs)


def stub_text(package: Path, caller: str) -> str:
    """Go source with a failing constructor for each that is called and no longer there."""
    called = set(re.findall(rf"\b{package.name}\.(New\w+)\(", caller))
    there = {name for path in package.glob("*.go") for name in re.findall(r"(?m)^func (New\w+)\(", path.read_text())}
    missing = sorted(called - there)
    if not missing:
        raise fail("k8s/local/groups.yaml", f"leaves nothing out of {package.name}", "remove `trim` from the group")
    functions = "".join(f"\nfunc {name}(...any) (Scaler, error) {{ return nil, errLeftOut }}\n" for name in missing)
    return (
        f'package {package.name}\n\nimport "errors"\n\n'
        f'var errLeftOut = errors.New("it is left out of the KEDA that this cluster runs")\n{functions}'
    )
