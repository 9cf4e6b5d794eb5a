"""The replica curve: load comes, metrics vanish, load goes, metrics come back; kept as JSON and as a picture.

python -m tests.bench.bench_autoscaling     writes tests/bench/results/autoscaling.json and autoscaling.svg
"""

from __future__ import annotations

from scripts.load.charts import Axis, Series, chart, from_zero
from scripts.load.page import STYLE
from scripts.model.client import GatewayEndpoint, Protocol, infer_text
from tests.bench.replica_curve import Curve, connect, play
from tests.bench.result_file import RESULTS, write_result

COMMAND = "python -m tests.bench.bench_autoscaling"
HOLD_SECONDS = 120


def picture(curve: Curve) -> str:
    """The curve as an SVG file of its own."""
    steady = [(point.seconds, float(point.steady_ready)) for point in curve.points]
    knative = [(point.seconds, float(point.knative_ready)) for point in curve.points]
    waiting = [(point.seconds, point.waiting) for point in curve.points if point.waiting is not None]
    lines = [
        Series("steady replicas", steady, "s1"),
        Series("Knative replicas", knative, "s3"),
        Series("requests that wait", waiting, "s2"),
    ]
    phases = ", ".join(f"{at:.0f} s {name}" for name, at in curve.phases.items())
    drawn = chart(
        f"Replicas: {phases}",
        Axis(f"seconds ({phases})", 0, curve.points[-1].seconds),
        from_zero("count", lines),
        lines,
    )
    style = f"<style>{STYLE}\nsvg {{ background: var(--paper); }}</style>"
    opening, rest = drawn.split(">", 1)
    named = opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{named}>{style}{rest}\n"


def measured(curve: Curve) -> dict[str, object]:
    """What the curve says in numbers."""
    held = curve.between("load goes, no metrics", "metrics come back")
    phases = curve.phases
    return {
        "second_replica_ready_after_seconds": round(phases["metrics vanish"] - phases["load comes"], 1),
        "held_without_metrics_seconds": round(phases["metrics come back"] - phases["load goes, no metrics"], 1),
        "replicas_while_held": sorted({point.steady_ready for point in held}),
        "gone_after_metrics_came_back_seconds": round(phases["end"] - phases["metrics come back"], 1),
        **curve.document(),
    }


def main() -> None:
    """Play the scenario and write both files."""
    observer = connect()
    endpoint = GatewayEndpoint(observer.knative.host, observer.workloads.gateway_address())
    model = observer.knative.models[0]
    curve = play(observer, lambda: infer_text(endpoint, model, "The package ", 16, Protocol.GRPC), HOLD_SECONDS)
    write_result("autoscaling", COMMAND, measured(curve))
    (RESULTS / "autoscaling.svg").write_text(picture(curve))


if __name__ == "__main__":
    main()
