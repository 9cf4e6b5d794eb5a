"""The few calls to a Kubernetes API server that applying needs, over plain HTTP.

The official client needs a second to import and builds a model of every kind; objects here are dictionaries already.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from aigc.catalog.faults import fail
from scripts.engine.kubeconfig import Connection
from scripts.engine.objects import ObjectKey, key_of

FIELD_MANAGER = "aigc-engine"
CONNECTIONS = 24
TIMEOUT_SECONDS = 40.0
"""Longer than the 30 s that a webhook may take at most."""
UNREACHABLE_SECONDS = 60.0
"""How long a restarting API server is waited for: the local one is back after about 2 s."""
RETRY_SECONDS = 0.5
BUSY = frozenset({429, 503})
"""Asked too often, or still starting: 503 is what an API server says before all its paths are installed."""
OK_BELOW = 400


class KubeError(Exception):
    """The API server refused a call."""

    def __init__(self, status: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        self.status = status
        self.reason = reason
        self.message = message
        self.details = dict(details or {})
        super().__init__(f"{reason or status}: {message}")


@dataclass(frozen=True)
class Kind:
    """A kind as discovery describes it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]


class KubeClient:
    """Calls by object; discovery is read once per group version. Safe to use from several threads."""

    def __init__(self, connection: Connection) -> None:
        headers = {"Authorization": f"Bearer {connection.token}"} if connection.token else {}
        self.server = connection.server
        self._http = httpx.Client(
            base_url=connection.server,
            verify=connection.context,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            trust_env=False,
        )
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def call(self, method: str, path: str, body: Any = None, content_type: str = "", **query: str) -> Any:
        """One call; a server that is away for a moment is waited for. Returns parsed JSON and raises KubeError."""
        response = self._send(method, path, body, content_type, query)
        if response.status_code >= OK_BELOW:
            raise _error_of(response)
        return response.json()

    def text(self, path: str, **query: str) -> str:
        """A call whose answer is plain text, such as a log."""
        response = self._send("GET", path, None, "", query)
        if response.status_code >= OK_BELOW:
            raise _error_of(response)
        return response.text

    def kind_of(self, api_version: str, kind: str, fresh: bool = False) -> Kind | None:
        """The kind, or None while the cluster does not know it; `fresh` asks again."""
        with self._lock:
            known = self._kinds.get(api_version)
        if known is None or (fresh and kind not in known):
            known = self._discover(api_version)
            with self._lock:
                self._kinds[api_version] = known
        return known.get(kind)

    def path_of(self, key: ObjectKey) -> str:
        """The URL path of an object; KubeError 404 when its kind is not known."""
        kind = self._known_kind(key.api_version, key.kind)
        return f"{self._collection(kind, key.namespace or 'default')}/{key.name}"

    def get(self, key: ObjectKey) -> dict[str, Any] | None:
        """The live object, or None."""
        try:
            found: dict[str, Any] = self.call("GET", self.path_of(key))
        except KubeError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return found

    def list(self, api_version: str, kind: str, namespace: str = "", **query: str) -> list[dict[str, Any]]:
        """Live objects of a kind, with the fields that lists leave out put back; none when the kind is unknown."""
        known = self.kind_of(api_version, kind)
        if known is None or "list" not in known.verbs:
            return []
        answer = self.call("GET", self._collection(known, namespace), **query)
        return [{**item, "apiVersion": api_version, "kind": kind} for item in answer.get("items") or []]

    def apply(self, body: dict[str, Any], force: bool, dry_run: bool = False) -> dict[str, Any]:
        """Server-side apply under our field manager; the answer is the object as it now is, or as it would be."""
        asked = {"dryRun": "All"} if dry_run else {}
        applied: dict[str, Any] = self.call(
            "PATCH",
            self.path_of(key_of(body)),
            body,
            "application/apply-patch+yaml",
            fieldManager=FIELD_MANAGER,
            force="true" if force else "false",
            **asked,
        )
        return applied

    def delete(self, key: ObjectKey, propagation: str = "Foreground") -> bool:
        """Ask for deletion; False when it is gone already. Foreground, as Pulumi does: dependents go first."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        try:
            self.call("DELETE", self.path_of(key), options, "application/json")
        except KubeError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    def _known_kind(self, api_version: str, kind: str) -> Kind:
        known = self.kind_of(api_version, kind) or self.kind_of(api_version, kind, fresh=True)
        if known is None:
            raise KubeError(httpx.codes.NOT_FOUND, "NoKindMatch", f"the cluster knows no {kind} in {api_version}")
        return known

    @staticmethod
    def _collection(kind: Kind, namespace: str) -> str:
        base = _base(kind.api_version)
        inside = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
        return f"{base}{inside}/{kind.plural}"

    def _discover(self, api_version: str) -> dict[str, Kind]:
        try:
            answer = self.call("GET", _base(api_version))
        except KubeError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return {}
            raise
        return {
            item["kind"]: Kind(api_version, item["kind"], item["name"], item["namespaced"], frozenset(item["verbs"]))
            for item in answer.get("resources") or []
            if "/" not in item["name"]
        }

    def _send(self, method: str, path: str, body: Any, content_type: str, query: Mapping[str, str]) -> httpx.Response:
        content = json.dumps(body) if body is not None else None
        headers = {"Content-Type": content_type} if content_type else {}
        deadline = time.monotonic() + UNREACHABLE_SECONDS
        while True:
            try:
                response = self._http.request(method, path, content=content, headers=headers, params=dict(query))
            except httpx.TransportError as error:
                if time.monotonic() >= deadline:
                    raise self._unreachable(error) from None
            else:
                if response.status_code not in BUSY or time.monotonic() >= deadline:
                    return response
            time.sleep(RETRY_SECONDS)

    def _unreachable(self, error: Exception) -> Exception:
        return fail(
            f"API server {self.server}",
            f"it did not answer for {UNREACHABLE_SECONDS:.0f} s: {error}",
            "see `python -m scripts cluster status` and `python -m scripts logs kube-apiserver`",
        )


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _error_of(response: httpx.Response) -> KubeError:
    try:
        status = response.json()
        return KubeError(
            response.status_code, str(status.get("reason", "")), str(status.get("message", "")), status.get("details")
        )
    except (ValueError, AttributeError):
        return KubeError(response.status_code, "", response.text[:500])
