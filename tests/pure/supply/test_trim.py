"""A module is copied without what is left out; what still calls it is told so, and all else is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc.catalog.faults import UserError
from scripts.local.supply.pins import go_groups
from scripts.local.supply.trim import Trim, trimmed_module

TRIM = Trim("pkg/scalers/*_scaler.go", ("kept_scaler.go",), "pkg/scaling/builder.go")
BUILDER = """\
package scaling

func build(kind string) (scalers.Scaler, error) {
	switch kind {
	case "big":
		return scalers.NewBigScaler(ctx, config)
	case "kept":
		return scalers.NewKeptScaler(config)
	}
}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    source = tmp_path / "module@v1"
    for name, text in {
        "pkg/scaling/builder.go": BUILDER,
        "pkg/scalers/scaler.go": "package scalers\n",
        "pkg/scalers/kept_scaler.go": "package scalers\n\nfunc NewKeptScaler(config any) (Scaler, error) {\n}\n",
        "pkg/scalers/big_scaler.go": "package scalers\n\nfunc NewBigScaler(ctx, config any) (Scaler, error) {\n}\n",
        "pkg/scalers/kept_scaler_test.go": "package scalers\n",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    return source


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_what_is_left_out_is_gone_and_what_calls_it_is_told_so(module: Path, tmp_path: Path) -> None:
    target = tmp_path / "trimmed"
    (target / "pkg").mkdir(parents=True)
    (target / "pkg" / "of_an_earlier_version.go").write_text("")
    trimmed_module(module, TRIM, target)
    before, after = files(module), files(target)
    stubs = after.pop("pkg/scalers/left_out.go")
    assert after == {name: before[name] for name in after}
    assert before.keys() - after.keys() == {"pkg/scalers/big_scaler.go", "pkg/scalers/kept_scaler_test.go"}
    assert "func NewBigScaler(...any) (Scaler, error) { return nil, errLeftOut }" in stubs
    assert "NewKeptScaler" not in stubs


def test_a_file_to_keep_that_is_not_there_is_said(module: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"keeps other_scaler.go, not in module@v1"):
        trimmed_module(module, Trim(TRIM.leave_out, ("other_scaler.go",), TRIM.called_in), tmp_path / "trimmed")


def test_a_trim_that_leaves_nothing_out_is_said(module: Path, tmp_path: Path) -> None:
    every = ("kept_scaler.go", "big_scaler.go")
    with pytest.raises(UserError, match="leaves nothing out"):
        trimmed_module(module, Trim(TRIM.leave_out, every, TRIM.called_in), tmp_path / "trimmed")


def test_kedas_keeps_what_our_autoscalers_ask() -> None:
    keda = go_groups()["keda"].trim
    assert keda is not None and "prometheus_scaler.go" in keda.keep
