"""Alerts that name what ended and was started again: each container of the stack, each host process of a local cluster.

They tell what an objective that burns cannot: which part it was. What was started again serves again, so nobody is
called for it; how often it ended within the window stands in the alert.
"""

from __future__ import annotations

from aigc.observability import metric_names as names
from aigc.observability.alerts import Alert, Severity

CONTAINER_RESTARTED = "ContainerRestarted"
HOST_PROCESS_RESTARTED = "HostProcessRestarted"
_WINDOW = "5m"
"""How long an alert stays: long enough for a kill every few minutes to be one, and for a person to find it."""


def restart_causes(*, has_kubelets: bool, has_only_node: bool) -> list[Alert]:
    """What ended: containers where kubelets are scraped, host processes where the one node is ours."""
    containers = [_container_restarted()] if has_kubelets else []
    return [*containers, *([_host_process_restarted()] if has_only_node else [])]


def _container_restarted() -> Alert:
    # A StatefulSet's pod is made anew under its old name: that is no restart of its containers.
    same_pod = f"unless on (namespace, pod) resets({names.POD_CPU_SECONDS}[{_WINDOW}]) > 0"
    return Alert(
        name=CONTAINER_RESTARTED,
        expression=f"changes({names.CONTAINER_START_TIME_SECONDS}[{_WINDOW}]) > 0 {same_pod}",
        severity=Severity.TICKET,
        summary="Container {{ $labels.container }} of pod {{ $labels.namespace }}/{{ $labels.pod }} was started again",
        description=f"It ended {{{{ $value }}}} times within {_WINDOW}, and the kubelet started it again. Look next at "
        "how it ended (`python -m scripts status`: killed, out of memory, an exit code) and at what it says "
        "(`python -m scripts logs {{ $labels.pod }}`).",
        no_data="No containers, or no kubelet is scraped: ScrapeTargetDown tells. A container that lives for less than "
        "the time between two scrapes may not be seen at all; EndpointTargetDown tells of an endpoint's.",
    )


def _host_process_restarted() -> Alert:
    label = f"{{{{ $labels.{names.HOST_PROCESS_LABEL} }}}}"
    return Alert(
        name=HOST_PROCESS_RESTARTED,
        expression=f"increase({names.HOST_PROCESS_EXITS}[{_WINDOW}]) > 0",
        severity=Severity.TICKET,
        summary=f"{label} of the local cluster ended by itself",
        description=f"Within {_WINDOW} the host process {label} was killed or failed, and was started again. Look next "
        "at its state and its last words (`python -m scripts status`), then at its log, which "
        f"`python -m scripts logs {label}` prints.",
        no_data="The keeper, which counts, is not scraped: ScrapeTargetDown tells. The cluster restarts nothing while "
        "both it and the supervisor are gone.",
    )
