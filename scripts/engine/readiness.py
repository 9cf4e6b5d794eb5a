"""When a live object counts as ready, by the rules of the Pulumi Kubernetes provider; pure functions of the object."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
WAIT_FOR = "pulumi.com/waitFor"


@dataclass(frozen=True)
class Verdict:
    """Ready, not yet (with the reason in words), or never (waiting longer cannot help)."""

    ready: bool
    why: str = ""
    final: bool = False
    remembered: bool = False
    """Perhaps still said of the version before: only final when it stays."""


READY = Verdict(True)


def annotation(body: dict[str, Any], name: str) -> str:
    """An annotation's value, or the empty text."""
    annotations = (body.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(name, ""))


def verdict(live: dict[str, Any]) -> Verdict:
    """Judge an object by its own content. Services need their endpoints too: see `needs_endpoints`."""
    if annotation(live, SKIP_AWAIT).lower() == "true":
        return READY
    wanted = annotation(live, WAIT_FOR)
    if wanted:
        return _wait_for(live, wanted)
    rule = _RULES.get((str(live.get("apiVersion", "")).rpartition("/")[0], str(live.get("kind", ""))))
    return rule(live) if rule else _by_ready_condition(live, required=False)


def needs_endpoints(live: dict[str, Any]) -> bool:
    """Whether a Service counts as ready only when a pod answers behind it."""
    if live.get("apiVersion") != "v1" or live.get("kind") != "Service":
        return False
    if annotation(live, SKIP_AWAIT).lower() == "true":
        return False
    spec = live.get("spec") or {}
    return bool(spec.get("selector")) and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"


def condition(live: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The status condition of a type."""
    for found in (live.get("status") or {}).get("conditions") or []:
        if found.get("type") == kind:
            answer: dict[str, Any] = found
            return answer
    return None


def _told(found: dict[str, Any]) -> str:
    words = [str(found[key]) for key in ("reason", "message") if found.get(key)]
    return f"{found.get('type')} is {found.get('status')}" + (f" ({': '.join(words)})" if words else "")


def _observed(live: dict[str, Any]) -> bool:
    generation = (live.get("metadata") or {}).get("generation", 0)
    return int((live.get("status") or {}).get("observedGeneration", 0)) >= int(generation)


def _deployment(live: dict[str, Any]) -> Verdict:
    if not _observed(live):
        return Verdict(False, "the controller has not seen this version yet")
    progressing = condition(live, "Progressing")
    if progressing and progressing.get("reason") == "ProgressDeadlineExceeded":
        # Kubernetes keeps the condition until a later version is complete, also when that one has replaced this one.
        return Verdict(False, _told(progressing), final=True, remembered=True)
    status, wanted = live.get("status") or {}, int((live.get("spec") or {}).get("replicas", 1))
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    if updated < wanted or available < wanted:
        return Verdict(False, f"{available} of {wanted} replicas available, {updated} of this version")
    if int(status.get("replicas", 0)) > updated:
        return Verdict(False, "pods of the version before are still there")
    return READY


def _stateful_set(live: dict[str, Any]) -> Verdict:
    status, wanted = live.get("status") or {}, int((live.get("spec") or {}).get("replicas", 1))
    ready = int(status.get("readyReplicas", 0))
    settled = status.get("updateRevision") == status.get("currentRevision") or wanted == 0
    done = _observed(live) and ready >= wanted and settled
    return READY if done else Verdict(False, f"{ready} of {wanted} replicas ready")


def _daemon_set(live: dict[str, Any]) -> Verdict:
    status = live.get("status") or {}
    wanted, ready = int(status.get("desiredNumberScheduled", 0)), int(status.get("numberAvailable", 0))
    updated = int(status.get("updatedNumberScheduled", 0))
    done = _observed(live) and min(ready, updated) >= wanted
    return READY if done else Verdict(False, f"{ready} of {wanted} nodes ready")


def _pod(live: dict[str, Any]) -> Verdict:
    phase = (live.get("status") or {}).get("phase")
    if phase == "Succeeded":
        return READY
    ready = condition(live, "Ready")
    if ready and ready.get("status") == "True":
        return READY
    if phase == "Failed":
        return Verdict(False, "the pod failed", final=True)
    return Verdict(False, _told(ready) if ready else f"phase {phase}")


def _job(live: dict[str, Any]) -> Verdict:
    failed, complete = condition(live, "Failed"), condition(live, "Complete")
    if complete and complete.get("status") == "True":
        return READY
    if failed and failed.get("status") == "True":
        return Verdict(False, _told(failed), final=True)
    return Verdict(False, "the job is running")


def _namespace(live: dict[str, Any]) -> Verdict:
    phase = (live.get("status") or {}).get("phase")
    return READY if phase == "Active" else Verdict(False, f"phase {phase}")


def _claim(live: dict[str, Any]) -> Verdict:
    phase = (live.get("status") or {}).get("phase")
    return READY if phase == "Bound" else Verdict(False, f"phase {phase}")


def _crd(live: dict[str, Any]) -> Verdict:
    established = condition(live, "Established")
    if established and established.get("status") == "True":
        return READY
    return Verdict(False, _told(established) if established else "not established yet")


def _knative_service(live: dict[str, Any]) -> Verdict:
    return _by_ready_condition(live, required=True)


def _by_ready_condition(live: dict[str, Any], required: bool) -> Verdict:
    """Custom resources say it in a Ready condition; one without such a condition is ready when it exists."""
    found = condition(live, "Ready")
    if found is None:
        return Verdict(False, "no Ready condition yet") if required else READY
    observed = _observed(live) if "observedGeneration" in (live.get("status") or {}) else True
    return READY if observed and found.get("status") == "True" else Verdict(False, _told(found))


def _wait_for(live: dict[str, Any], wanted: str) -> Verdict:
    expressions = json.loads(wanted) if wanted.startswith("[") else [wanted]
    for expression in expressions:
        if not _holds(live, str(expression)):
            return Verdict(False, f"waiting for {expression}{_seen(live, str(expression))}")
    return READY


def _seen(live: dict[str, Any], expression: str) -> str:
    """What its controller says of a condition that does not hold yet: it mostly names the pod."""
    mode, _, rest = expression.partition("=")
    found = condition(live, rest.partition("=")[0]) if mode == "condition" else None
    return f"; {_told(found)}" if found else ""


def _holds(live: dict[str, Any], expression: str) -> bool:
    """`condition=Ready`, `condition=Ready=False`, `jsonpath={.status.phase}` or `jsonpath={.status.phase}=Running`."""
    mode, _, rest = expression.partition("=")
    if mode == "condition":
        name, _, value = rest.partition("=")
        found = condition(live, name)
        return found is not None and str(found.get("status")).lower() == (value or "True").lower()
    matched = re.fullmatch(r"\{?\.?(?P<path>[^}=]+)\}?(=(?P<value>.*))?", rest)
    if mode != "jsonpath" or matched is None:
        return False
    here: Any = live
    for part in re.findall(r"[^.\[\]]+", matched["path"]):
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        else:
            here = here.get(part) if isinstance(here, dict) else None
    return here is not None if matched["value"] is None else str(here) == matched["value"]


_RULES: dict[tuple[str, str], Callable[[dict[str, Any]], Verdict]] = {
    ("apps", "Deployment"): _deployment,
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("", "Pod"): _pod,
    ("batch", "Job"): _job,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
    ("serving.knative.dev", "Service"): _knative_service,
}
