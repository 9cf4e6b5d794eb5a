"""The official client, opened so that it never waits for an API server that has gone quiet."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from aigc.catalog.faults import fail

REQUEST_SECONDS = 10.0
"""An API server whose etcd is gone accepts a request and holds it for a minute; `status` asks ten of them in turn."""


PATIENCE_SECONDS = 60.0
"""As long as the engine waits for an API server that does not answer."""
PAUSE_SECONDS = 0.5
BUSY = frozenset({429, 500, 503, 504})
"""What says nothing of the request itself: asked too often, etcd away, starting, too slow."""


class TimedApiClient(client.ApiClient):  # type: ignore[misc]
    """Every request has a deadline; the client as it comes waits for ever unless each call names one."""

    def __init__(self, configuration: client.Configuration, patience_seconds: float = 0.0) -> None:
        super().__init__(configuration)
        self.patience_seconds = patience_seconds

    def request(self, *arguments: Any, **keywords: Any) -> Any:
        """As the client's own; with patience, asked again until there is an answer.

        Raises:
            UserError: there was none in all that time; without patience, what the client raises.
        """
        keywords["_request_timeout"] = keywords.get("_request_timeout") or REQUEST_SECONDS
        deadline = time.monotonic() + self.patience_seconds
        while True:
            try:
                return super().request(*arguments, **keywords)
            except (ApiException, HTTPError) as error:
                if not self.patience_seconds or getattr(error, "status", 0) not in {0, *BUSY}:
                    raise
                if time.monotonic() > deadline:
                    raise self._unanswered(error) from None
            time.sleep(PAUSE_SECONDS)

    def _unanswered(self, error: Exception) -> Exception:
        words = f"did not answer for {self.patience_seconds:.0f} s: {getattr(error, 'reason', None) or error}"
        return fail(f"API server {self.configuration.host}", words, "see `python -m scripts logs kube-apiserver`")


def connect(kubeconfig: Path, context: str | None = None, patience_seconds: float = 0.0) -> client.ApiClient:
    """Open the cluster that a kubeconfig names.

    Raises:
        UserError: there is no such file, or it cannot be used.
    """
    if not kubeconfig.exists():
        raise fail(str(kubeconfig), "there is no kubeconfig: the cluster is not up", "run `make up`")
    configuration = client.Configuration()
    configuration.retries = 0  # urllib3 would ask three times more, each time for as long
    try:
        config.load_kube_config(str(kubeconfig), context=context, client_configuration=configuration)
    except config.ConfigException as error:
        raise fail(str(kubeconfig), f"cannot be used: {error}", "name another with --kubeconfig or --context") from None
    return TimedApiClient(configuration, patience_seconds)
