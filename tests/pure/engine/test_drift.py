"""What of a cluster is no longer as the program says, found by dry runs alone."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from aigc.catalog.faults import UserError
from scripts.__main__ import main
from scripts.engine.drift import Drift, DriftReport, What, compared_with, drift_of
from scripts.engine.graph import Graph, Resource
from scripts.engine.inventory import Entry
from scripts.engine.kube_client import FIELD_MANAGER, KubeClient, KubeError
from scripts.engine.objects import STACK_LABEL, ObjectKey, key_of
from scripts.engine.wire import UNKNOWN, secret
from scripts.verbs import drift as verb
from tests.pure.capacity.loopback import Request, serving
from tests.pure.preview.samples import STACK, config_map, graph, resource

SETTINGS = config_map("settings", {"size": "1"})
PULUMI = "pulumi-kubernetes-0123abcd"


class FakeApi:
    """An API server that owns fields by the object: who wrote `theirs` of it last is asked before it is changed."""

    server = "https://cluster"

    def __init__(self, *live: dict[str, Any], inventory: tuple[Entry, ...] = ()) -> None:
        self.live = {key_of(body): body for body in live}
        self.inventory = inventory
        self.theirs: dict[ObjectKey, tuple[str, str]] = {}
        """Object -> a field of its data, and its manager."""
        self.refusal: KubeError | None = None

    def get(self, key: ObjectKey) -> dict[str, Any] | None:
        if key.name == f"aigc-inventory-{STACK}":
            return {"data": {"objects": json.dumps([vars(entry) for entry in self.inventory])}}
        if key.kind == "Unknown":
            raise KubeError(404, "NoKindMatch", "the cluster knows no Unknown")
        return self.live.get(key)

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[dict[str, Any]]:
        assert query == {"labelSelector": f"{STACK_LABEL}={STACK}"}
        found = [body for key, body in self.live.items() if (key.api_version, key.kind) == (api_version, kind)]
        return [body for body in found if STACK_LABEL in body["metadata"].get("labels", {})]

    def apply(self, body: dict[str, Any], force: bool, dry_run: bool = False) -> dict[str, Any]:
        assert dry_run, "drift writes nothing"
        if self.refusal:
            raise self.refusal
        key = key_of(body)
        live = self.live[key]
        field, manager = self.theirs.get(key, ("", ""))
        if not force and field and body["data"].get(field) != live["data"].get(field):
            cause = {"reason": "FieldManagerConflict", "field": f".data.{field}", "message": f"conflict with {manager}"}
            raise KubeError(409, "Conflict", "conflict", {"causes": [cause]})
        answer: dict[str, Any] = merged(live, body)
        return answer


def merged(live: Any, declared: Any) -> Any:
    if not (isinstance(live, dict) and isinstance(declared, dict)):
        return declared
    return {**live, **{key: merged(live[key], value) if key in live else value for key, value in declared.items()}}


def live_of(declared: Resource, manager: str = FIELD_MANAGER, **data: str) -> dict[str, Any]:
    """The object as the cluster has it."""
    body: dict[str, Any] = copy.deepcopy(declared.inputs)
    server = {"resourceVersion": "7", "managedFields": [{"manager": manager}]}
    body["metadata"] |= server | {"labels": {STACK_LABEL: STACK}}
    return body | {"data": body.get("data", {}) | data}


def found(api: FakeApi, *resources: Resource) -> DriftReport:
    return compared_with(cast(KubeClient, api), STACK, lambda live: graph(*resources))


def only(report: DriftReport) -> Drift:
    (drift,) = report.drifts
    return drift


def test_as_the_program_says_is_no_drift_and_neither_is_what_it_does_not_declare() -> None:
    report = found(FakeApi(live_of(SETTINGS, added="by a controller")), SETTINGS)
    assert (report.drifts, report.compared, report.not_compared) == ((), 1, ())


def test_what_is_not_there_is_missing_also_where_its_kind_is() -> None:
    custom = resource(
        "kubernetes:a.b/v1:Unknown", "x", {"apiVersion": "a.b/v1", "kind": "Unknown", "metadata": {"name": "x"}}
    )
    report = found(FakeApi(), SETTINGS, custom)
    assert [(one.key, one.what) for one in report.drifts] == [
        ("ConfigMap models/settings", What.MISSING),
        ("Unknown x", What.MISSING),
    ]


def test_what_somebody_changed_is_named_with_its_owner_and_both_values() -> None:
    api = FakeApi(live_of(SETTINGS, size="9"))
    api.theirs[key_of(SETTINGS.inputs)] = ("size", "kubectl-edit")
    drift = only(found(api, SETTINGS))
    assert (drift.what, drift.by) == (What.CHANGED, (".data.size: conflict with kubectl-edit",))
    assert [(one.path, one.ours, one.theirs) for one in drift.fields] == [("data.size", "1", "9")]


def test_what_nobody_owns_any_more_is_changed_too() -> None:
    gone = live_of(SETTINGS)
    del gone["data"]["size"]
    drift = only(found(FakeApi(gone), SETTINGS))
    assert (drift.what, drift.by, [one.path for one in drift.fields]) == (What.CHANGED, (), ["data.size"])


def test_an_object_that_lost_our_label_is_found_by_its_name() -> None:
    bare = live_of(SETTINGS)
    del bare["metadata"]["labels"]
    assert found(FakeApi(bare), SETTINGS).drifts == ()


def test_what_left_the_program_is_left_over_whoever_applied_it() -> None:
    old, listed, theirs = (config_map(name, {}) for name in ("old", "listed", "theirs"))
    entry = Entry(**vars(key_of(listed.inputs)), level=1)
    api = FakeApi(live_of(SETTINGS), live_of(old, PULUMI), live_of(listed), live_of(theirs, "a-controller"),
                  inventory=(entry,))  # fmt: skip
    report = found(api, SETTINGS)
    assert {(one.key, one.what) for one in report.drifts} == {
        ("ConfigMap models/old", What.LEFT_OVER),
        ("ConfigMap models/listed", What.LEFT_OVER),
    }


def test_what_the_cluster_would_not_take_is_told_with_its_reason() -> None:
    api = FakeApi(live_of(SETTINGS))
    api.refusal = KubeError(422, "Invalid", "field is immutable")
    drift = only(found(api, SETTINGS))
    assert drift.what is What.REFUSED and "field is immutable" in drift.by[0]


def test_without_the_right_to_try_nothing_is_told_of_the_object() -> None:
    api = FakeApi(live_of(SETTINGS))
    api.refusal = KubeError(403, "Forbidden", 'configmaps is forbidden: User "x" cannot patch resource')
    with pytest.raises(KubeError, match="cannot patch"):
        found(api, SETTINGS)


def test_values_that_the_cluster_knows_are_asked_of_it() -> None:
    waiting = config_map("address", {"ip": UNKNOWN})

    def program(live: Mapping[str, dict[str, Any]] | None) -> Graph:
        address = live[SETTINGS.urn]["data"]["size"] if live else UNKNOWN
        return graph(SETTINGS, config_map("address", {"ip": address}))

    there = (live_of(SETTINGS), live_of(waiting, ip="9"))
    report = compared_with(cast(KubeClient, FakeApi(*there)), STACK, program)
    assert [(one.path, one.ours, one.theirs) for one in only(report).fields] == [("data.ip", "1", "9")]
    assert report.not_compared == ()


def test_what_nobody_here_knows_is_said_not_to_be_compared() -> None:
    waiting = config_map("address", {"ip": UNKNOWN})
    release = resource("kubernetes:helm.sh/v3:Release", "keda", {"name": "keda", "chart": "keda"})
    report = found(FakeApi(live_of(waiting)), waiting, release)
    assert (report.drifts, report.compared) == ((), 0)
    assert [name for name, _ in report.not_compared] == ["Release keda", "ConfigMap models/address"]


def kubeconfig(folder: Path, server: str) -> Path:
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content))
    return path


def test_over_the_wire_nothing_is_written_but_tried(tmp_path: Path) -> None:
    live = live_of(SETTINGS, size="9")
    kind = {"kind": "ConfigMap", "name": "configmaps", "namespaced": True, "verbs": ["list"]}

    def answer(request: Request) -> tuple[int, Any]:
        if request.method == "PATCH":
            return 200, merged(live, request.json())
        if request.path == "/api/v1":
            return 200, {"resources": [kind]}
        return (200, {"items": [live]}) if request.path.endswith("/configmaps") else (404, {"reason": "NotFound"})

    with serving(answer) as api:
        report = drift_of(STACK, lambda live: graph(SETTINGS), kubeconfig(tmp_path, api.url), None)
    assert only(report).what is What.CHANGED
    asked = [(one.method, one.query.get("dryRun")) for one in api.asked if one.method != "GET"]
    assert asked == [("PATCH", "All")]


def test_who_may_not_look_is_told_what_right_it_takes(tmp_path: Path) -> None:
    with serving(lambda _: (403, {"reason": "Forbidden", "message": "no"})) as api, pytest.raises(UserError) as caught:
        drift_of(STACK, lambda live: graph(SETTINGS), kubeconfig(tmp_path, api.url), None)
    (fault,) = caught.value.faults
    assert (fault.where, fault.problem) == (api.url, "no") and "list and patch" in fault.way_out


def run(monkeypatch: pytest.MonkeyPatch, report: DriftReport, *more: str) -> int:
    monkeypatch.setattr(verb, "drift_of_stack", lambda *_, **__: report)
    return main(["drift", "local", *more])


def test_secrets_are_told_by_their_path_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hidden = config_map("hidden", {})
    hidden = Resource(**{**vars(hidden), "inputs": hidden.inputs | {"data": {"key": secret("ours-s3cret")}}})
    report = found(FakeApi(live_of(config_map("hidden", {}), key="theirs-s3cret")), hidden)
    assert run(monkeypatch, report) == run(monkeypatch, report, "--format", "json") == 1
    said = capsys.readouterr().out
    assert said.count("data.key") == 2 and "s3cret" not in said


def test_the_answer_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, found(FakeApi(live_of(SETTINGS)), SETTINGS), "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["agree"], told["compared"], told["drifts"]) == (True, 1, [])
    assert run(monkeypatch, found(FakeApi(), SETTINGS)) == 1
    assert "missing: ConfigMap models/settings" in capsys.readouterr().out


def test_no_kubeconfig_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "local", "--kubeconfig", str(tmp_path / "none")]) == 2
    assert "there is no kubeconfig" in capsys.readouterr().err
