"""Bringing a configuration into Envoy, and knowing that it is in.

Why apart from the controller: this is where make-before-break, refusals and an Envoy that is away meet the file system.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .admin import EnvoyAwayError, Loaded
from .files import publish, read_published, versions
from .rollout import stale, steps
from .routes import XdsSet
from .settings import Settings

POLL_SECONDS = 0.02


class Publisher:
    """Owns the files. `loaded` reads what Envoy runs (see `admin.Admin.loaded`)."""

    def __init__(
        self, settings: Settings, loaded: Callable[[], Loaded], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._loaded, self._clock = settings, loaded, clock
        self._published: XdsSet | None = read_published(settings)
        self._confirmed: dict[str, str] = {}
        self._stale_since: dict[str, float] = {}

    def apply(self, wanted: XdsSet) -> str:
        """Publish and wait until Envoy has loaded it. Returns Envoy's words when it refused; nothing has changed then.

        Raises EnvoyAwayError when Envoy did not say either way in time; the files hold the wanted set.
        """
        before = self._published
        for step in steps(before, wanted, self._expired(wanted)):
            words = self._publish(step)
            if words:
                if before is not None:
                    # An Envoy that restarts must not find the refused set.
                    publish(before, self._settings.xds_dir)
                    self._published, self._confirmed = before, {}
                return words
        return ""

    def next_cleanup(self) -> float | None:
        """Seconds until old clusters may go, or None when there are none."""
        if not self._stale_since:
            return None
        due = min(self._stale_since.values()) + self._settings.stale_cluster_seconds
        return max(0.0, due - self._clock())

    def _expired(self, wanted: XdsSet) -> frozenset[str]:
        """Clusters nobody wants any more and whose time is over; the others stay for the requests in flight."""
        if self._published is None:
            return frozenset()
        now = self._clock()
        since = {name: self._stale_since.get(name, now) for name in stale(self._published, wanted)}
        expired = {name for name, start in since.items() if now - start >= self._settings.stale_cluster_seconds}
        self._stale_since = {name: start for name, start in since.items() if name not in expired}
        return frozenset(expired)

    def _publish(self, step: XdsSet) -> str:
        expected = versions(step)
        if step == self._published and expected == self._confirmed:
            return ""
        # New endpoints alone need no confirmation and must not wait for one: a cold start waits for them.
        endpoints_only = self._published is not None and expected == self._confirmed
        refused_before = 0 if endpoints_only else self._rejected()
        publish(step, self._settings.xds_dir)
        self._published = step
        if endpoints_only:
            return ""
        words = self._wait(expected, refused_before)
        if not words:
            self._confirmed = expected
        return words

    def _rejected(self) -> int:
        try:
            return self._loaded().rejected
        except EnvoyAwayError:
            return 0

    def _wait(self, expected: dict[str, str], refused_before: int) -> str:
        deadline, last = self._clock() + self._settings.load_seconds, "it loads slowly"
        while self._clock() < deadline:
            try:
                loaded = self._loaded()
            except EnvoyAwayError as error:
                last = str(error)
                time.sleep(POLL_SECONDS * 10)
                continue
            if all(loaded.versions.get(name) == value for name, value in expected.items()) and not loaded.warming:
                return ""
            if loaded.rejected > refused_before:
                return "; ".join(loaded.errors) or "Envoy refused the configuration; its log says why"
            last = "it loads slowly"
            time.sleep(POLL_SECONDS)
        raise EnvoyAwayError(f"Envoy has not loaded the configuration in {self._settings.load_seconds:.0f} s: {last}")
