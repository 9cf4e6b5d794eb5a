"""GET over HTTPS with limits of time and retries, for APIs whose SDK we do without."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx

from scripts.capacity.facts import Deadline, Unknown

_TRIES = 4
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 20.0
_TIMEOUT = httpx.Timeout(20.0, connect=5.0)
_AGAIN = {408, 429, 500, 502, 503, 504}


class RestError(Exception):
    """No answer, or a refusal; `status` is None where there was no answer at all."""

    def __init__(self, status: int | None, words: str) -> None:
        self.status = status
        self.words = words
        super().__init__(words)


class Rest:
    """One API at one address."""

    def __init__(
        self,
        base_url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        *,
        follow_redirects: bool = False,
    ) -> None:
        self._deadline = deadline
        self._client = httpx.Client(
            base_url=base_url, headers=dict(headers or {}), timeout=_TIMEOUT, follow_redirects=follow_redirects
        )

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at `path`.

        Raises:
            RestError: it refuses, does not answer, or answers with something else.
        """
        return _content(self.ask(path, params))

    def ask(
        self, path: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """What the server answers, a refusal, too; asked again while it says that it is busy.

        Raises:
            RestError: it does not answer, or stays busy.
        """
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, _TRIES + 1):
            try:
                response = self._client.get(path, params=params, headers=headers)
                if response.status_code not in _AGAIN:
                    return response
                failed = RestError(response.status_code, _words(response))
                pause = max(pause, _asked_pause(response))
            except (httpx.TransportError, httpx.TooManyRedirects) as error:
                failed = RestError(None, f"no answer from {self._client.base_url.host}: {error}")
            if attempt == _TRIES or self._deadline.passed():
                raise failed
            time.sleep(min(pause, _LONGEST_PAUSE_SECONDS))
            pause *= 2
        raise AssertionError("the last attempt returns or raises")


def _asked_pause(response: httpx.Response) -> float:
    """Seconds of `Retry-After`; its other form, a date, is not waited for."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0


def _content(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != httpx.codes.OK:
        raise RestError(response.status_code, _words(response))
    try:
        content = response.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise RestError(response.status_code, "the answer is no JSON object; is there a proxy in between?")
    return content


def _words(response: httpx.Response) -> str:
    """The sentence of the API's own error, which Google and Azure both write below `error.message`."""
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {response.status_code}"


def not_answered(right: str, error: RestError) -> Unknown:
    """The fact that a failed question leaves; `right` is the permission that it needs."""
    if error.status == httpx.codes.FORBIDDEN:
        return Unknown(f"these credentials may not {right}: {error.words}", f"grant {right}")
    return Unknown(f"{right} failed: {error.words}", "ask again; if it stays so, the sentence is the cloud's own")
