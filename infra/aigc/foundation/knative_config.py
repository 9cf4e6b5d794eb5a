"""Knative's configuration out of the plan, one value for both ways of installing it (manifest and operator)."""

from __future__ import annotations

from collections.abc import Mapping

from aigc.catalog.cold_start import USUAL_DEADLINE_SECONDS
from aigc.plan.stack_plan import StackPlan

LOCAL_INGRESS_CLASS = "aigc.ingress.networking.knative.dev"
KOURIER_INGRESS_CLASS = "kourier.ingress.networking.knative.dev"

_DEFAULT_MAX_REVISION_TIMEOUT_SECONDS = 600

_NOT_RESOLVED = ("kind.local", "ko.local", "dev.local")
"""Registries that exist only inside a cluster."""
_REQUEST_LOG = (
    '{"request_id": "{{js (.Request.Header.Get "X-Request-Id")}}", "method": "{{.Request.Method}}", '
    '"path": "{{js .Request.URL.Path}}", "status": {{.Response.Code}}, "seconds": {{.Response.Latency}}, '
    '"revision": "{{.Revision.Name}}", "pod": "{{.Revision.PodName}}"}'
)


def knative_config(plan: StackPlan, ingress_class: str) -> dict[str, Mapping[str, str]]:
    """ConfigMap name -> the keys that differ from Knative's defaults; values are strings, as Knative parses them."""
    return {
        "config-autoscaler": _autoscaler(),
        "config-defaults": _defaults(plan),
        "config-deployment": _deployment(plan),
        "config-domain": {plan.domain: ""},
        "config-features": dict(plan.knative_features),
        "config-leader-election": _leader_election(),
        "config-network": {"ingress-class": ingress_class},
        "config-observability": _observability(),
    }


def _autoscaler() -> dict[str, str]:
    return {
        # A new revision would otherwise start one replica, and with it a GPU node, before anybody asked for it;
        # each of our revisions says its own number.
        "allow-zero-initial-scale": "true",
        "initial-scale": "0",
        "enable-scale-to-zero": "true",
        # Upper limit for the activator to get into the path before the last pod goes.
        "scale-to-zero-grace-period": "30s",
    }


def _leader_election() -> dict[str, str]:
    # The core controllers' own values. By Knative's (60, 40 and 10 s) a killed controller or autoscaler left a minute
    # in which nothing scaled from zero and no endpoint learned of a new pod (seen after a node's restart).
    return {"lease-duration": "15s", "renew-deadline": "10s", "retry-period": "2s"}


def _observability() -> dict[str, str]:
    return {
        "metrics-protocol": "prometheus",
        "request-metrics-protocol": "prometheus",
        # With the gateway's request id, so that one request can be followed from hop to hop.
        "logging.enable-request-log": "true",
        "logging.request-log-template": _REQUEST_LOG,
    }


def _defaults(plan: StackPlan) -> dict[str, str]:
    longest = max((endpoint.scaling.request_timeout_seconds for endpoint in plan.endpoints), default=0)
    return {"max-revision-timeout-seconds": str(max(longest, _DEFAULT_MAX_REVISION_TIMEOUT_SECONDS))}


def _deployment(plan: StackPlan) -> dict[str, str]:
    # Node, image and weights together can take longer than the default of 600 s, and a late revision is a failed one.
    slowest = max((endpoint.scaling.progress_deadline_seconds for endpoint in plan.endpoints), default=0)
    config = {
        "registries-skipping-tag-resolving": ",".join((*_NOT_RESOLVED, *_private_registry(plan))),
        "progress-deadline": f"{max(slowest, USUAL_DEADLINE_SECONDS)}s",
    }
    if "knative-queue" in plan.images:
        config["queue-sidecar-image"] = plan.images["knative-queue"]
    return config


def _private_registry(plan: StackPlan) -> tuple[str, ...]:
    """One that nodes may read and Knative's controller may not: it would ask for digests and be refused.

    Little is lost: the tag of a model's image is a hash of its content (docs/decisions/0010).
    """
    if plan.azure is None or not (plan.azure.registry_id or plan.registry):
        return ()
    return (plan.images["envoy"].partition("/")[0],)
