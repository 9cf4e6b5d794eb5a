"""The thin line to the API server: list, watch and patch raw JSON.

Why raw: the Python client's typed models would reject or drop fields of a newer API server, and Ingress has no model
at all. Only its configuration (service account, token rotation, CA) and its HTTP transport are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
# The server ends a watch after 60 s and we begin the next at the version we know. Short, because a watch whose server
# vanished without a word (node lost) is only noticed by this limit.
WATCH_SECONDS = 60


class KubeError(Exception):
    """The API server did not answer, or answered with an error; `code` is 0 when it did not answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Kube(Protocol):
    """What the controller needs of an API server; tests bring their own."""

    def list(self, path: str) -> Mapping[str, Any]:
        """The list object at a path."""

    def watch(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        """Events from a version on, until the server ends the stream."""

    def merge_patch(self, path: str, body: Mapping[str, Any]) -> None:
        """A JSON merge patch of the object at a path."""


class ApiServer:
    """`Kube` over the official client's transport."""

    def __init__(self, kubeconfig: Path | None = None) -> None:
        configuration = client.Configuration()
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=configuration)
        else:
            config.load_kube_config(str(kubeconfig), client_configuration=configuration)
        # The client's own retries would hide an outage for minutes; the reflector retries, and says so.
        configuration.retries = False
        self._api = client.ApiClient(configuration)

    def list(self, path: str) -> Mapping[str, Any]:
        """The list object at a path."""
        with self._request("GET", path, {}, READ_SECONDS) as response:
            result: Mapping[str, Any] = json.loads(response.data)
            return result

    def watch(self, path: str, version: str) -> Iterator[Mapping[str, Any]]:
        """Events from a version on, until the server ends the stream."""
        query = {
            "watch": "1",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        with self._request("GET", path, query, WATCH_SECONDS + READ_SECONDS) as response:
            try:
                for line in _lines(response):
                    yield json.loads(line)
            except (HTTPError, ValueError, OSError) as error:
                raise KubeError(0, f"{type(error).__name__}: {error}") from error

    def merge_patch(self, path: str, body: Mapping[str, Any]) -> None:
        """A JSON merge patch of the object at a path."""
        with self._request("PATCH", path, {}, READ_SECONDS, body):
            return

    def _request(
        self, method: str, path: str, query: Mapping[str, str], read: float, body: Mapping[str, Any] | None = None
    ) -> Any:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/merge-patch+json"
        try:
            return self._api.call_api(
                path,
                method,
                query_params=list(query.items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=(CONNECT_SECONDS, read),
            )
        except ApiException as error:
            raise KubeError(int(error.status or 0), f"{error.status} {error.reason}") from error
        except (HTTPError, OSError) as error:
            raise KubeError(0, f"{type(error).__name__}: {error}") from error


def _lines(response: Any) -> Iterator[bytes]:
    rest = b""
    for chunk in response.stream(1 << 16):
        *complete, rest = (rest + chunk).split(b"\n")
        yield from (line for line in complete if line.strip())
