"""`pin --prices` as a person runs it: what the servers say becomes a snapshot, whole or not at all."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import yaml

from aigc.catalog.faults import UserError
from aigc.catalog.kinds import Cloud
from aigc.catalog.machines import machines
from aigc.catalog.prices import PriceSnapshot, SnapshotPrice, snapshot, snapshot_name
from aigc.config.stacks import PROJECT_ROOT
from scripts.__main__ import main
from scripts.capacity.clouds import azure
from scripts.capacity.facts import Known, Unknown
from scripts.pin import prices
from scripts.pin.files import difference, write
from scripts.pin.prices import Place, as_text, ask_prices, places
from scripts.progress import Progress
from tests.pure.capacity.aws_servers import Account
from tests.pure.capacity.azure_server import Microsoft, NoCredential, meter
from tests.pure.capacity.loopback import serving
from tests.pure.catalog.copied import copied_catalog

AWS_EAST = ["pin", "--prices", "--cloud", "aws", "--region", "us-east-1"]
TODAY = date(2026, 11, 29)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Path]:
    with copied_catalog(tmp_path) as folder:
        yield folder


def test_it_is_the_command_of_the_readme() -> None:
    assert f"\npython -m scripts {shlex.join(AWS_EAST)}\n" in (PROJECT_ROOT / "README.md").read_text()


def written(catalog: Path) -> list[str]:
    return sorted(path.name for path in catalog.glob("prices/*"))


def test_what_aws_says_is_in_the_catalog(catalog: Path, account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AWS_EAST, "--dry-run"]) == 0
    assert "+  g6.2xlarge: {on_demand: 0.9776, spot: " in capsys.readouterr().out
    assert written(catalog) == []
    assert main(AWS_EAST) == 0
    said = capsys.readouterr()
    assert written(catalog) == ["aws-us-east-1.yaml"]
    taken = snapshot(Cloud.AWS, "us-east-1")
    assert taken and taken.date == datetime.now(UTC).date() and "AWS's price list" in taken.source
    wanted = {row.machine_type for row in machines(Cloud.AWS).values() if row.is_one_machine and not row.retired}
    assert set(taken.machines) == wanted
    assert taken.machines["g6.2xlarge"].on_demand == 0.9776
    assert taken.machines["trn2.48xlarge"].on_demand is None
    assert "? aws us-east-1: trn2.48xlarge on demand: AWS's price list has no price" in said.out
    assert f"{len(wanted)} machines, 2 on demand" in said.out
    assert f"20 of {len(wanted)} machines" in said.err


def test_a_region_that_tells_nothing_leaves_the_catalog_alone(
    catalog: Path, account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.denied = {"GetProducts"}
    assert main(AWS_EAST) == 1
    said = capsys.readouterr().out
    assert "allow the IAM action pricing:GetProducts" in said
    assert "✗ aws us-east-1: no price was to be had, nothing is written" in said
    assert written(catalog) == []


def test_without_credentials_nothing_is_written(
    catalog: Path, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(AWS_EAST) == 2
    said = capsys.readouterr()
    assert "✗ AWS credentials" in said.err and "→ run `aws sso login`" in said.err and said.out == ""
    assert written(catalog) == []


def test_what_is_not_all_asked_in_time_is_no_snapshot(account: Account) -> None:
    with pytest.raises(UserError, match=r"--timeout.*nothing is written"):
        ask_prices(Place(Cloud.AWS, "us-east-1"), 0.0, TODAY, Progress(quiet=True))


def test_azures_list_prices_need_no_credentials(
    catalog: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Microsoft(
        meters=[
            meter("Standard_D8s_v6", 0.403),
            meter("Standard_D8s_v6", 0.771, product="Virtual Machines Dsv6 Series Windows"),
            meter("Standard_NC8as_T4_v3", 0.752),
            meter("Standard_NC8as_T4_v3", 0.2, "Spot"),
        ]
    )
    monkeypatch.setattr(azure, "DefaultAzureCredential", NoCredential)
    with serving(known.answer) as server:
        known.url = server.url
        monkeypatch.setenv("AZURE_RETAIL_PRICES_ENDPOINT", server.url)
        command = ["pin", "--prices", "--cloud", "azure", "--region", "eastus"]
        assert main(command) == 0
        assert "azure-eastus.yaml written" in capsys.readouterr().out
        assert main(command) == 0
    assert "azure-eastus.yaml is as it was" in capsys.readouterr().out
    taken = snapshot(Cloud.AZURE, "eastus")
    assert taken
    assert taken.machines["Standard_D8s_v6"] == SnapshotPrice(on_demand=0.403, spot=None)
    assert taken.machines["Standard_NC8as_T4_v3"] == SnapshotPrice(on_demand=0.752, spot=0.2)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "add --prices or --images"),
        (["--images", "--cloud", "aws"], "are of prices alone"),
        (["--prices", "--cloud", "gcp"], "no API of it says what a machine costs"),
        (["--prices", "--region", "us-east-1"], "add --cloud aws or azure"),
        (["--prices", "--cloud", "aws", "--region", "../x"], "../x is no region of aws"),
    ],
)
def test_bad_input_ends_with_2(
    catalog: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["pin", *arguments]) == 2
    said = capsys.readouterr()
    assert says in said.err and "→" in said.err and "Traceback" not in said.err
    assert written(catalog) == []


def test_without_a_region_the_stacks_name_them() -> None:
    assert set(places(None, ())) == {Place(Cloud.AWS, "us-east-1"), Place(Cloud.AZURE, "eastus")}
    assert places("azure", ()) == (Place(Cloud.AZURE, "eastus"),)
    twice = places("aws", ["eu-west-1", "us-west-2", "eu-west-1"])
    assert twice == (Place(Cloud.AWS, "eu-west-1"), Place(Cloud.AWS, "us-west-2"))


class TwoZones:
    """Prices that differ by zone, and a spot market above on demand."""

    def on_demand(self, machine_types: list[str]) -> dict[str, Known[float]]:
        return dict.fromkeys(machine_types, Known(1.0))

    def spot(self, machine_types: list[str]) -> dict[str, Known[dict[str, float]] | Unknown]:
        above, *others = machine_types
        silent = dict.fromkeys(others, Unknown("nobody answers", "ask again"))
        return silent | {above: Known({"a": 1.25, "b": 1.5}), others[0]: Known({"a": 0.4, "b": 0.3})}


def test_spot_is_the_lowest_zone_and_never_above_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "open_prices", lambda *_: TwoZones())
    asked = ask_prices(Place(Cloud.AZURE, "eastus"), 60, TODAY, Progress(quiet=True))
    first, second, third = [row.machine_type for row in machines(Cloud.AZURE).values() if not row.retired][:3]
    rows = asked.snapshot.machines
    assert (rows[first].spot, rows[second].spot, rows[third].spot) == (None, 0.3, None)
    assert f"{first} on spot: $1.25 is above $1 on demand, which bounds it in a plan" in asked.gaps
    assert f"{third} on spot: nobody answers → ask again" in asked.gaps
    assert len(asked.gaps) == len(rows) - 1


def test_the_file_is_the_same_for_the_same_answers_and_reads_back() -> None:
    rows = {name: SnapshotPrice(on_demand=usd, spot=None) for name, usd in (("b.large", 0.00001), ("a.large", 98.32))}
    taken = PriceSnapshot(cloud=Cloud.AWS, region="eu-west-1", date=TODAY, source="a test: 'quoted'", machines=rows)
    text = as_text(taken)
    assert PriceSnapshot.model_validate(yaml.safe_load(text)) == taken
    assert text.startswith("# Written by `python -m scripts pin --prices`.")
    assert [line for line in text.splitlines() if line.startswith("  ")] == [
        "  b.large: {on_demand: 1.0e-05, spot: null}",
        "  a.large: {on_demand: 98.32, spot: null}",
    ]


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / snapshot_name(Cloud.AWS, "eu-west-1")
    write(path, "old\n")
    assert list(difference(path, "new\n"))[-2:] == ["-old", "+new"]
    assert list(difference(path, "old\n")) == []
    blocked = path / "below.yaml"
    with pytest.raises(UserError, match="cannot be written"):
        write(blocked, "new\n")
    assert path.read_text() == "old\n"
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208 - hidden files, too
