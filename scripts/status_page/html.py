"""The page itself: what to do first, then each endpoint in numbers and pictures, then what runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from scripts.load.page import page, paragraph, section, table
from scripts.status_page.pictures import drawn, unit_words
from scripts.status_page.state import EndpointState, FiringAlert, Group, PageState, Picture
from scripts.status_page.summary import number_rows, panel_rows

RUNNING = "running"
OPEN_GROUPS = 2
"""The first ones, which answer most questions; the others open at a touch."""
STYLE = """
body { max-width: 1180px; } .charts { display: grid; gap: .6rem 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); }
figure { margin: 0; min-width: 0; } figcaption { font-weight: 600; font-size: 14px; }
ul.legend { list-style: none; margin: 0; padding: 0; font-size: 13px; overflow-wrap: anywhere; }
ul.legend svg { width: 14px; height: 8px; margin-right: .4rem; } ul.legend b { font-variant-numeric: tabular-nums; }
summary { cursor: pointer; } figure summary { font-size: 13px; color: var(--soft); }
.scroll { overflow-x: auto; } .scroll td, .scroll th { overflow-wrap: normal; } td:first-child { white-space: normal; }
.verdict { border-left: 4px solid var(--three); padding-left: .7rem; } .verdict.up { border-color: var(--bad); }
"""


def status_page(state: PageState) -> str:
    """The whole document."""
    return page(
        "Stack local",
        f"as of {state.at_utc}; pictures show the last {state.minutes:g} minutes, times in minutes from then",
        [
            *(paragraph(problem, "note") for problem in state.problems),
            section("In short", *in_short(state)),
            section("Alerts that fire", alerts_in_words(state.alerts)),
            *(endpoint_section(endpoint, state.minutes) for endpoint in state.endpoints),
            section("Fleet", *groups_of(state.fleet, len(state.fleet), state.minutes)) if state.fleet else "",
            section("Processes of this machine", processes_table(state)),
            section("Workloads in the cluster", workloads_table(state)),
        ],
        STYLE,
    )


def in_short(state: PageState) -> Iterable[str]:
    """One sentence for what does not run, and one for each endpoint."""
    wrong = [
        *(f"{one.name}: {one.words}" for one in state.processes if one.state != RUNNING),
        *(f"{one.namespace}/{one.name}: {one.words}" for one in state.workloads if not one.ready),
    ]
    if not state.processes:
        yield paragraph("The local cluster is down; `make up` brings it up.", "no")
    elif wrong:
        yield from (paragraph(f"✗ {words}", "no") for words in wrong)
    else:
        yield paragraph(f"All {len(state.processes)} processes run, all {len(state.workloads)} workloads are ready.")
    yield from (paragraph(f"{one.name}: {one.verdict.sentence}") for one in state.endpoints)


def alerts_in_words(alerts: Sequence[FiringAlert] | None) -> str:
    """Each with what to look at next."""
    if alerts is None:
        return paragraph("Not known: Prometheus could not be asked.", "no")
    if not alerts:
        return paragraph("None.")
    return "".join(
        f'<p class="no">{escape(f"{one.severity} {one.name} {one.endpoint}, since {one.since_utc} UTC")}</p>'
        f"{paragraph(f'{one.summary}. {one.description}')}"
        for one in alerts
    )


def endpoint_section(endpoint: EndpointState, minutes: float) -> str:
    """Why p99 is up, the numbers, the pictures."""
    verdict = endpoint.verdict
    up = "up" if verdict.cause not in ("none", "unknown") else ""
    return section(
        f"Endpoint {endpoint.name}",
        paragraph(
            f"{endpoint.mode}; objective: p99 within {endpoint.p99_ms:g} ms, "
            f"{endpoint.availability_percent:g}% without a server error",
            "soft",
        ),
        f'<div class="verdict {up}" data-cause="{escape(verdict.cause)}">'
        f"<b>Why is p99 up? {escape(verdict.cause)}</b>"
        f"{paragraph(verdict.sentence)}{paragraph(verdict.next_step, 'soft')}</div>",
        scrolled(table(("", "last 5 min", "30 min before"), number_rows(endpoint), range(1, 3))),
        scrolled(table(("", "now"), panel_rows(endpoint), range(1, 2))),
        *groups_of(endpoint.groups, OPEN_GROUPS, minutes),
    )


def groups_of(groups: Sequence[Group], opened: int, minutes: float) -> Iterable[str]:
    """A row of a dashboard each, the first ones open."""
    for index, group in enumerate(groups):
        charts = "".join(figure(picture, minutes) for picture in group.pictures)
        is_open = " open" if index < opened else ""
        yield f'<details{is_open}><summary>{escape(group.title)}</summary><div class="charts">{charts}</div></details>'


def figure(picture: Picture, minutes: float) -> str:
    """A panel: picture, the values now, and on demand what a bad picture means."""
    panel = picture.panel
    unit = unit_words(panel.unit)
    title = f"{panel.title}, {unit}" if unit else panel.title
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{drawn(picture, minutes)}"
        f"<details><summary>what it means</summary>{paragraph(panel.description, 'soft')}</details></figure>"
    )


def processes_table(state: PageState) -> str:
    """Of this machine; nothing when the cluster is down."""
    if not state.processes:
        return paragraph("None: the local cluster is down.")
    styles = ["" if one.state == RUNNING else "worse" for one in state.processes]
    rows = [(one.name, one.state, one.words) for one in state.processes]
    return scrolled(table(("process", "state", "in words"), rows, styles=styles))


def workloads_table(state: PageState) -> str:
    """Of the cluster."""
    if not state.workloads:
        return paragraph("Not known: the API server could not be asked.")
    styles = ["" if one.ready else "worse" for one in state.workloads]
    rows = [(one.namespace, one.name, "yes" if one.ready else "NO", one.words) for one in state.workloads]
    return scrolled(table(("namespace", "workload", "ready", "in words"), rows, styles=styles))


def scrolled(content: str) -> str:
    """What may be wider than a phone: it scrolls by itself, and not the page."""
    return f'<div class="scroll">{content}</div>'
