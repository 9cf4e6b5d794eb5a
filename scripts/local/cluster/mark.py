"""A mark that each `up` leaves in the cluster and in its own note: etcd's data is as new as the note if both agree."""

from __future__ import annotations

import uuid

from aigc.catalog.faults import fail
from scripts.local.cluster import api_access
from scripts.local.cluster.layout import API_PORT, Layout

PATH = "/api/v1/namespaces/kube-system/configmaps/aigc-last-up"
KEY = "mark"


def found(layout: Layout) -> str:
    """The mark in the cluster; empty when there is none."""
    answer = api_access.ask(layout, API_PORT, PATH)
    return str(answer.json()["data"][KEY]) if answer.fine else ""


def leave(layout: Layout) -> str:
    """Leave a new one.

    Raises:
        UserError: the API server does not take it.
    """
    new = uuid.uuid4().hex
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "aigc-last-up", "namespace": "kube-system"},
        "data": {KEY: new},
    }
    answer = api_access.apply(layout, PATH, document)
    if not answer.fine:
        raise fail("kube-apiserver", f"does not take {PATH}: {answer.words()}", "run the same command again")
    return new
