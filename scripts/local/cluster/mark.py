"""A mark that each `up` leaves in the cluster and in its own note: etcd's data is as new as the note if both agree."""

from __future__ import annotations

import uuid

from aigc.catalog.faults import fail
from scripts.local.cluster import api_access
from scripts.local.cluster.layout import Layout
from scripts.progress import Progress

PATH = "/api/v1/namespaces/kube-system/configmaps/aigc-last-up"
KEY = "mark"


def found(layout: Layout, progress: Progress) -> str:
    """The mark in the cluster; empty when there is none.

    Raises:
        UserError: the API server does not tell: data must not be thrown away for that.
    """
    answer = api_access.ask_api_server(layout, PATH, progress)
    if answer.status == api_access.NOT_FOUND:
        return ""
    if not answer.fine:
        raise fail("kube-apiserver", f"does not tell {PATH}: {answer.words()}", "run the same command again")
    return str(answer.json()["data"][KEY])


def leave(layout: Layout, progress: Progress) -> str:
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
    answer = api_access.apply(layout, PATH, document, progress)
    if not answer.fine:
        raise fail("kube-apiserver", f"does not take {PATH}: {answer.words()}", "run the same command again")
    return new
