"""Google Cloud: the Compute API over HTTPS, with the token that Pulumi's provider would use, or gcloud's.

Without Google's SDK: google-cloud-compute would change the version of grpcio, and google-auth is loaded by the
Kubernetes client wherever it is installed, 0.25 s at every start of `scripts`. Endpoints are the provider's variables,
GOOGLE_COMPUTE_CUSTOM_ENDPOINT. Needed permissions: compute.regions.get, compute.projects.get,
compute.machineTypes.list, compute.reservations.list; the role roles/compute.viewer has them.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import httpx

from aigc.catalog.faults import fail
from aigc.catalog.machines import machines
from aigc.plan.stack_plan import CapacityType, Cloud, PoolPlan, QuotaPlan, StackPlan
from scripts.capacity.facts import Deadline, Fact, Known, LiveQuota, Offering, QuotaAnswer, Reserved, T, Unknown
from scripts.capacity.rest import Rest, RestError, not_answered

COMPUTE = "https://compute.googleapis.com/compute/v1/"
NOT_ASKED = (
    "whether a machine can be had this minute: Google tells only when one is started; a reservation keeps it",
    "quotas of TPUs and of the newest CPU families: the Compute API's regions do not list them; see IAM, Quotas",
)
_TOKEN_COMMANDS = (
    ("gcloud", "auth", "application-default", "print-access-token"),
    ("gcloud", "auth", "print-access-token"),
)
_TOKEN_SECONDS = 30
_WAY_IN = "run `gcloud auth application-default login`, or set GOOGLE_OAUTH_ACCESS_TOKEN to an access token"
_NO_PRICE = Unknown(
    "Google prices a machine's parts (cores, memory, GPUs), and no API of it has the price of a machine type",
    "look at its price page; the catalog's price is a dated snapshot",
)
_GONE = {"OBSOLETE", "DELETED"}


class Gcp:
    """One project in one region."""

    def __init__(self, project: str, region: str, compute: Rest, deadline: Deadline) -> None:
        self._path, self._region, self._compute, self._deadline = f"projects/{project}", region, compute, deadline
        self._offerings: dict[str, Fact[Offering]] = {}
        # Asked once each, whatever pools and candidates need of them.
        self._regional = cache(lambda: self._quotas("compute.regions.get", f"{self._path}/regions/{region}"))
        self._of_project = cache(lambda: self._quotas("compute.projects.get", self._path))
        self._account = cache(lambda: self._ask("compute.projects.get", lambda: str(compute.get(self._path)["name"])))

    @property
    def account(self) -> Fact[str]:
        """The project's id, as Google says it."""
        return self._account()

    @property
    def not_asked(self) -> tuple[str, ...]:
        """See `NOT_ASKED`."""
        return NOT_ASKED

    def _ask(self, permission: str, call: Callable[[], T]) -> Fact[T]:
        if late := self._deadline.passed():
            return late
        try:
            return Known(call())
        except RestError as error:
            if error.status == httpx.codes.UNAUTHORIZED:
                raise fail("Google credentials", f"Google refuses them: {error.words}", _WAY_IN) from None
            return not_answered(permission, error)

    def _quotas(self, permission: str, path: str) -> Fact[dict[str, LiveQuota]]:
        return self._ask(
            permission,
            lambda: {
                one["metric"]: LiveQuota(float(one["limit"]), float(one.get("usage", 0.0)))
                for one in self._compute.get(path).get("quotas", ())
            },
        )

    def quotas(self, pools: Sequence[PoolPlan], needs: Sequence[QuotaPlan]) -> tuple[QuotaAnswer, ...]:
        """The region's quotas, and the project's on GPUs of all regions that some count against besides."""
        types = {pool.name: pool.machine_type for pool in pools}
        regional = tuple(QuotaAnswer(need, self._regional_quota(need, types)) for need in needs)
        return (*regional, *(QuotaAnswer(need, self._project_quota(need)) for need in _of_all_regions(pools)))

    def _regional_quota(self, need: QuotaPlan, types: Mapping[str, str]) -> Fact[LiveQuota]:
        known = self._regional()
        if isinstance(known, Unknown):
            return known
        machine_type = types.get(need.pools[0])
        if need.code is None and machine_type is None:
            return Unknown(f"nobody has sourced what {need.name} is called", "look it up under IAM, Quotas")
        # A family's processors are called after it, for example T2D_CPUS; where the catalog has no code this is tried.
        code = need.code or f"{str(machine_type).split('-')[0].upper()}_CPUS"
        if code in known.value:
            return Known(known.value[code])
        return Unknown(
            f"the quotas of region {self._region} have no {code}",
            "look it up under IAM, Quotas in the console; its name belongs into infra/aigc/catalog/machines.yaml",
        )

    def _project_quota(self, need: QuotaPlan) -> Fact[LiveQuota]:
        known = self._of_project()
        if isinstance(known, Unknown):
            return known
        live = known.value.get(need.code or "")
        return Known(live) if live else Unknown(f"the project's quotas have no {need.code}", "look under IAM, Quotas")

    def offerings(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Offering]]:
        """One paged question over all zones; a machine type that is going is refused where it goes."""
        new = [name for name in machine_types if name not in self._offerings]
        if new:
            rows = self._ask("compute.machineTypes.list", lambda: list(self._machine_types(new)))
            for name in new:
                self._offerings[name] = rows if isinstance(rows, Unknown) else Known(_offering(name, rows.value))
        return {name: self._offerings[name] for name in machine_types}

    def _machine_types(self, names: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Zone of this region, and a machine type there."""
        return self._of_zones("machineTypes", " OR ".join(f'(name = "{name}")' for name in names))

    def _of_zones(self, collection: str, wanted: str) -> Iterator[tuple[str, dict[str, Any]]]:
        params = {"filter": wanted} if wanted else {}
        while True:
            page = self._compute.get(f"{self._path}/aggregated/{collection}", params)
            for scope, content in page.get("items", {}).items():
                zone = scope.removeprefix("zones/")
                if zone.rsplit("-", 1)[0] == self._region:
                    yield from ((zone, row) for row in content.get(collection, ()))
            if not page.get("nextPageToken"):
                return
            params["pageToken"] = page["nextPageToken"]

    def reserved(self, pools: Sequence[PoolPlan]) -> Mapping[str, Fact[Reserved]]:
        """Reservations of the project itself; one that another project shares with it is not listed here."""
        if not pools:
            return {}
        rows = self._ask("compute.reservations.list", lambda: list(self._of_zones("reservations", "")))
        return {pool.name: rows if isinstance(rows, Unknown) else Known(_reserved(pool, rows.value)) for pool in pools}

    def on_demand(self, machine_types: Sequence[str]) -> Mapping[str, Fact[float]]:
        """Unknown, all of them: see the sentence."""
        return dict.fromkeys(machine_types, _NO_PRICE)

    def spot(self, machine_types: Sequence[str]) -> Mapping[str, Fact[Mapping[str, float]]]:
        """Unknown, all of them: see the sentence."""
        return dict.fromkeys(machine_types, _NO_PRICE)


def _offering(name: str, rows: Sequence[tuple[str, dict[str, Any]]]) -> Offering:
    zones, refused = {}, {}
    for zone, row in rows:
        if row["name"] == name:
            zones[zone] = ""
            state = row.get("deprecated", {}).get("state")
            if state in _GONE:
                refused[zone] = f"Google says {state.lower()}"
    return Offering(zones, refused)


def _reserved(pool: PoolPlan, rows: Sequence[tuple[str, dict[str, Any]]]) -> Reserved:
    zones: dict[str, tuple[int, int]] = {}
    for zone, row in rows:
        kept = row.get("specificReservation", {})
        of_type = kept.get("instanceProperties", {}).get("machineType") == pool.machine_type
        if of_type and row.get("status") == "READY" and pool.reservation in {None, row["name"]}:
            total, free = zones.get(zone, (0, 0))
            count, used = int(kept.get("count", 0)), int(kept.get("inUseCount", 0))
            zones[zone] = total + count, free + count - used
    return Reserved(zones)


def _of_all_regions(pools: Sequence[PoolPlan]) -> Iterator[QuotaPlan]:
    """Needs of the project as a whole; what is on spot is counted in the region alone."""
    needs: dict[str, list[PoolPlan]] = {}
    for pool in pools:
        code = machines(Cloud.GCP)[pool.machine_type].quota.get("also")
        if code and pool.capacity is CapacityType.ON_DEMAND:
            needs.setdefault(code, []).append(pool)
    for code, counted in needs.items():
        needed = sum(pool.accelerators_per_node * pool.max_nodes for pool in counted)
        names = tuple(pool.name for pool in counted)
        yield QuotaPlan(name=code, code=code, unit="GPU", needed=float(needed), pools=names)


def _token() -> str:
    """The provider's variable, else what gcloud prints; nothing is refreshed: a token lasts an hour, this a minute."""
    if token := os.environ.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
        return token
    said = "there is no GOOGLE_OAUTH_ACCESS_TOKEN"
    for command in _TOKEN_COMMANDS:
        try:
            printed = subprocess.run(command, capture_output=True, text=True, timeout=_TOKEN_SECONDS, check=False)
        except FileNotFoundError:
            said = "there is no GOOGLE_OAUTH_ACCESS_TOKEN, and gcloud is not on PATH"
            break
        except subprocess.TimeoutExpired:
            said = f"`{' '.join(command)}` gave nothing in {_TOKEN_SECONDS} s"
            continue
        if printed.returncode == 0 and printed.stdout.strip():
            return printed.stdout.strip()
        said = f"`{' '.join(command)}` failed: {printed.stderr.strip().splitlines()[-1:] or 'it says nothing'}"
    raise fail("Google credentials", said, _WAY_IN)


def open_cloud(plan: StackPlan, deadline: Deadline) -> Gcp:
    """Google Cloud as the plan's project sees it; see `scripts.capacity.contract.open_cloud`."""
    endpoint = os.environ.get("GOOGLE_COMPUTE_CUSTOM_ENDPOINT", COMPUTE)
    compute = Rest(endpoint, deadline, {"Authorization": f"Bearer {_token()}"})
    return Gcp(plan.project or "", plan.region or "", compute, deadline)
