"""The section of README that quotes the benches, written from their results so that it cannot say anything else.

python -m tests.bench.readme_figures          rewrites the section after a bench has run
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc.config.stacks import PROJECT_ROOT
from aigc.plan.ledger.scores import ALL_MODELS, MISSED
from tests.bench.result_file import RESULTS

README = PROJECT_ROOT / "README.md"
HEADING = "## Measured\n"
NEXT_HEADING = "\n## "
IN_FLIGHT = 32
WIDTH = 118


def result(name: str, folder: Path = RESULTS) -> Any:
    """One result, as its bench wrote it."""
    return json.loads((folder / f"{name}.json").read_text())


def section(folder: Path = RESULTS) -> str:
    """Everything under the heading; a bench without a result has no line."""
    lines = [
        HEADING,
        "Each command writes a file in `tests/bench/results/`, and `python -m tests.bench.readme_figures`",
        "writes this out of them.\n",
        *(wrapped(say(folder)) for name, say in SAID_OF.items() if (folder / f"{name}.json").is_file()),
        *(table(folder) for name, table in TABLE_OF.items() if (folder / f"{name}.json").is_file()),
    ]
    return "\n".join(lines) + "\n"


def wrapped(said: str) -> str:
    """One point of a list."""
    return textwrap.fill(said, WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)


def batching(folder: Path) -> str:
    """All servers at 32 in flight, for each mix of lengths."""
    found = result("batching", folder)
    equality = found["answers_equal"]
    said = [
        f"Dynamic batching, {IN_FLIGHT} requests in flight, one of {found['machine']} "
        f"(`{found['command']}`; {equality['equal']} of "
        f"{equality['requests']} answers equal the unbatched ones):"
    ]
    for load in found["loads"]:
        if load["concurrency"] == IN_FLIGHT:
            plain = load["gpt_handbook"]
            said.append(
                f"{load['mix']}: without batching {plain['requests_per_second']} requests/s, p99 {plain['p99_ms']} ms; "
                f"as `gpt` is configured {_ratio(load['gpt'])}; with batches of up to 32 and one instance "
                f"{_ratio(load['gpt_wide'])}."
            )
    return " ".join(said)


def _ratio(facts: Mapping[str, Any]) -> str:
    ratio = facts["requests_per_second_ratio"]
    return (
        f"{ratio['value']} times as many ({ratio['low']} to {ratio['high']}) in batches of {facts['mean_batch']}, p99 "
        f"{facts['p99_ms']} ms"
    )


def path(folder: Path) -> str:
    """What each station adds to a small gRPC request."""
    found = result("path", folder)
    added = found["requests"]["grpc ready"]["added"]
    words = ", ".join(
        f"{station} {added[station]['p50_ms']['value']} ms"
        for station in ("mux", "queue-proxy", "gateway", "activator")
    )
    whole = added["whole path"]["p50_ms"]
    return (
        f"Path of a warm request, added at p50 (`{found['command']}`): {words}; from gateway to Triton "
        f"{whole['value']} ms ({whole['low']} to {whole['high']}), without the activator, which is in the path at zero "
        "replicas and while there is no room for a burst."
    )


def cold_start(folder: Path) -> str:
    """The median of each stage beside the bare server."""
    found = result("cold_start", folder)
    cold, bare, ratio = found["cold_start"], found["bare_server"], found["ratio_to_bare_server"]
    stages = (
        ("request_to_pod", "until there is a pod"),
        ("pod_to_node", "until it has a node"),
        ("node_to_process", "until its container runs"),
        ("process_to_serving", "until Triton serves"),
        ("serving_to_answer", "until the answer"),
    )
    words = ", ".join(f"{cold[stage]['median_seconds']} s {what}" for stage, what in stages)
    return (
        f"Cold start, median of {found['starts']} (`{found['command']}`): {cold['total']['median_seconds']} s (p95 "
        f"{cold['total']['p95_seconds']} s): {words}. The bare server starts in {bare['server']['median_seconds']} s: "
        f"{ratio['value']} times ({ratio['low']} to {ratio['high']})."
    )


def up(folder: Path) -> str:
    """From nothing running, and with everything running."""
    found = result("up", folder)
    return (
        f"`make up` with everything built, on {found['machine']} (`{found['command']}`): "
        f"{found['up_from_down_seconds']} s from nothing running, {found['up_when_up_seconds']} s when all is up, "
        f"where it finds {found['objects']} objects unchanged; the first answer from zero replicas comes after "
        f"{found['cold_start_seconds']} s, a warm one of 48 tokens after {found['warm_ms']} ms; `make down` takes "
        f"{found['down_seconds']} s."
    )


def autoscaling(folder: Path) -> str:
    """When replicas of the steady endpoint came, stayed and went."""
    found = result("autoscaling", folder)
    return (
        f"Replicas of the steady endpoint (`{found['command']}`, drawn in `tests/bench/results/autoscaling.svg`): a "
        f"second one is ready {found['second_replica_ready_after_seconds']} s after the load came; while Prometheus "
        f"was gone, {found['held_without_metrics_seconds']} s of it without load, "
        f"{' or '.join(str(count) for count in found['replicas_while_held'])} stayed; the second one went "
        f"{found['gone_after_metrics_came_back_seconds']} s after the metrics were back."
    )


def mix(folder: Path) -> str:
    """Processor time of the cheapest mix beside that of the integer programme."""
    found = result("mix", folder)
    ratio = found["ratio_of_medians"]
    return (
        f"Cheapest mix of machines (`{found['command']}`; {found['workloads']} random workloads): "
        f"{found['mix_ms']['p50']} ms of the processor at the median, {found['mix_ms']['max']} ms at most; the integer "
        f"programme of {found['slice_factor']} slices takes {ratio['value']} times as long at the median "
        f"({ratio['low']} to {ratio['high']}), and no answer costs more than its."
    )


def fleet_plan(folder: Path) -> str:
    """How long the cheapest fleet takes, and how far from the optimum it may be."""
    found = result("fleet_plan", folder)
    return (
        f"Cheapest fleet of {found['models']} random models over the whole catalog of three clouds "
        f"(`{found['command']}`): {found['seconds']} s, {found['peak_mib']} MiB, at most {found['gap_percent']}% above "
        f"the optimum; {found['machines']} machines of {found['machine_types']} types."
    )


def queueing(folder: Path) -> str:
    """The error of the batch queue's p99 against events, by how instances share."""
    found = result("queueing", folder)
    kinds = ("one_instance", "several_instances", "several_instances_nearly_proportional")
    words = "; ".join(
        f"{kind.replace('_', ' ')} {found[kind]['p99']['median']:.1%} at the median, "
        f"{found[kind]['p99']['missed_by_a_fifth']} of {found[kind]['cases']} by more than a fifth"
        for kind in kinds
    )
    return f"Predicted p99 of dynamic batching against simulation event by event (`{found['command']}`): {words}."


def ledger(folder: Path) -> str:
    """The error of predictions for all models of each accelerator, and for the best and the worst of them."""
    found = result("ledger", folder)
    runs = ", ".join(f"an {run['gpu']} on {run['date']}" for run in found["runs"])
    said = [
        f"Predicted batches against {len(found['rows'])} measured on {runs} (`{found['command']}`; `python -m scripts "
        f"ledger` prints all, with what missed and why):"
    ]
    for method, words in (("assumed", "with default efficiencies"), ("calibrated", "with those of all other models")):
        scores = [one for one in found["scores"] if one["method"] == method]
        models = [one for one in scores if one["model"] != ALL_MODELS]
        (every,) = [one for one in scores if one["model"] == ALL_MODELS]
        best, worst = (pick(models, key=lambda one: float(one["latency"]["median"])) for pick in (min, max))
        said.append(
            f"{words} latency is off by {every['latency']['median']:.0%} at the median, throughput by "
            f"{every['throughput']['median']:.0%}, and {every['missed']} are off by more than {MISSED:.0%} "
            f"({best['model']} {best['latency']['median']:.0%}, {worst['model']} {worst['latency']['median']:.0%}, "
            f"{every['latency']['worst']:+.0%} at worst);"
        )
    return " ".join(said).removesuffix(";") + "."


def triton_predictions(folder: Path) -> str:
    """Errors of a model's closed and open loops, and how much of the core others had while it was measured."""
    found = result("triton_predictions", folder)
    predicted = found["predicted"]
    words = [
        f"{score['model']}, {score['loop']} loop {score['throughput']['median']:.0%} of throughput, {_p99(score)}"
        for score in predicted["scores"]
        if score["way"] == "simulation"
    ]
    others = max(load["core_taken_by_others"] for model in found["models"] for load in model["loads"])
    return (
        f"Real Triton on {found['server_cores']} core of {found['cpu']} against what the times of its batches predict "
        f"(`{found['command']}`), median errors by simulation: {'; '.join(words)}. {len(predicted['misses'])} of "
        f"{len(predicted['loads'])} predictions are off by more than {MISSED:.0%}; others had up to {others:.0%} of "
        "the server's core while it was measured."
    )


def _p99(score: Mapping[str, Any]) -> str:
    unbounded = f" and no bound for {score['without_bound']}" if score["without_bound"] else ""
    return f"{score['p99']['median']:.0%} of p99{unbounded}" if score["p99"] else "no bound of p99"


def preview(folder: Path) -> str:
    """Seconds and memory of a whole preview."""
    found = result("preview", folder)
    return (
        f"`preview` of all {found['stacks']} stacks, {found['resources']} resources, with the network cut off, on "
        f"{found['machine']} (`{found['command']}`): {found['median_seconds']} s at the median of {found['runs']} "
        f"runs, {found['max_seconds']} s at most, and at most {found['peak_mib']} MiB of memory."
    )


def savings(folder: Path) -> str:
    """What the table after the list compares."""
    found = result("savings", folder)
    paid = found["capacity"].replace("_", "-")
    return (
        f"Cheapest mix of machines against the best single type for the same objectives (`{found['command']}`; {paid} "
        "prices of the catalog, latencies by roofline), in the table below. Trace: lengths of the "
        f"{found['trace']}, asked of a model of the size of Llama 3 8B on any cloud; p99 of a request is 1 s and so "
        "many ms a token of the longest answer of its class. Stacks: at their peak, in their own region, those for "
        "production with a zone to lose. 0% is no saving."
    )


def savings_table(folder: Path) -> str:
    """A row a problem; what rents no machines has none."""
    head = ("traffic", "best single type", "$ an hour", "cheapest mix", "$ an hour", "saves")
    rows = [head, ("---",) * len(head), *map(_savings_row, result("savings", folder)["rows"])]
    return "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _savings_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    if "none" in one:
        return one["traffic"], one["none"], "", "", "", ""
    single, mix = one["single"], one["mix"]
    chosen = ", ".join(mix["machines"]), f"{mix['usd_per_hour']:.2f}"
    if single is None:
        return one["traffic"], "none suffices", "", *chosen, ""
    return one["traffic"], *single["machines"], f"{single['usd_per_hour']:.2f}", *chosen, f"{one['saves_percent']:g}%"


SAID_OF = {
    "up": up,
    "preview": preview,
    "cold_start": cold_start,
    "path": path,
    "batching": batching,
    "autoscaling": autoscaling,
    "mix": mix,
    "fleet_plan": fleet_plan,
    "queueing": queueing,
    "ledger": ledger,
    "triton_predictions": triton_predictions,
    "savings": savings,
}
TABLE_OF = {"savings": savings_table}


def rewritten(readme: str, folder: Path = RESULTS) -> str:
    """README with its section as the results say."""
    before, _, rest = readme.partition(HEADING)
    _, separator, after = rest.partition(NEXT_HEADING)
    return before + section(folder) + separator + after


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
