"""The official client, opened so that it never waits for an API server that has gone quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kubernetes import client, config

from aigc.catalog.faults import fail

REQUEST_SECONDS = 10.0
"""An API server whose etcd is gone accepts a request and holds it for a minute; `status` asks ten of them in turn."""


class TimedApiClient(client.ApiClient):  # type: ignore[misc]
    """Every request has a deadline; the client as it comes waits for ever unless each call names one."""

    def request(self, *arguments: Any, **keywords: Any) -> Any:
        """As the client's own."""
        keywords["_request_timeout"] = keywords.get("_request_timeout") or REQUEST_SECONDS
        return super().request(*arguments, **keywords)


def connect(kubeconfig: Path, context: str | None = None) -> client.ApiClient:
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
    return TimedApiClient(configuration)
