"""A local copy of one kind of object, kept current by list and watch.

Why: the controller translates from memory, so it goes on while the API server is away, and after the server's return
it lists anew and sees what it missed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .kube import Kube, KubeError
from .objects import metadata

LOG = logging.getLogger("gateway.reflector")
FIRST_BACKOFF_SECONDS = 0.2
# 5 s: the local API server restarts in about 2 s; a longer pause would only delay the recovery.
LAST_BACKOFF_SECONDS = 5.0


class Reflector(threading.Thread):
    """Follows one collection of the API server in a thread of its own."""

    def __init__(self, kube: Kube, path: str, changed: Callable[[], None]) -> None:
        super().__init__(name=f"watch {path.rsplit('/', 1)[-1]}", daemon=True)
        self.synced = threading.Event()
        self._kube, self._path, self._changed = kube, path, changed
        self._items: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def items(self) -> list[Mapping[str, Any]]:
        """The objects known now; they are never changed in place."""
        with self._lock:
            return list(self._items.values())

    def stop(self) -> None:
        """Ask the thread to end; it does so at the next event or the end of its watch."""
        self._stopping.set()

    def run(self) -> None:
        """List, watch, and again, with growing pauses while the server does not answer."""
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            try:
                version = self._relist()
                backoff = FIRST_BACKOFF_SECONDS
                while not self._stopping.is_set():
                    version = self._follow(version)
            except KubeError as error:
                if error.code == 404 and not self.synced.is_set():
                    # The kind is not installed (yet): nothing of it exists, which is an answer.
                    self._replace({})
                LOG.warning("%s: %s; again in %.1f s", self._path, error, backoff)
                self._stopping.wait(backoff)
                backoff = min(backoff * 2, LAST_BACKOFF_SECONDS)

    def _relist(self) -> str:
        answer = self._kube.list(self._path)
        self._replace({_key(item): item for item in answer.get("items") or ()})
        return str((answer.get("metadata") or {}).get("resourceVersion") or "")

    def _replace(self, items: dict[tuple[str, str], Mapping[str, Any]]) -> None:
        with self._lock:
            self._items = items
        self.synced.set()
        self._changed()

    def _follow(self, version: str) -> str:
        for event in self._kube.watch(self._path, version):
            if self._stopping.is_set():
                break
            kind, item = event.get("type"), event.get("object") or {}
            if kind == "ERROR":  # 410 Gone: our version is too old to watch from
                raise KubeError(int(item.get("code") or 410), str(item.get("message") or "watch error"))
            version = str(metadata(item).get("resourceVersion") or version)
            if kind == "BOOKMARK":
                continue
            with self._lock:
                if kind == "DELETED":
                    self._items.pop(_key(item), None)
                else:
                    self._items[_key(item)] = item
            self._changed()
        return version


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return (str(metadata(item).get("namespace") or ""), str(metadata(item).get("name") or ""))
