"""One run as it is kept: the settings, and of every request when it was meant, sent and answered.

The file holds samples, not percentiles, so that two runs can be compared by what was measured and not by summaries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from aigc.catalog.faults import fail
from aigc.plan.ledger.endpoint_load import NotPredicted, Predicted
from scripts.load.settings import LoadSettings

VERSION = 1
READ_WAY_OUT = "name a file that `python -m scripts load ... --out FILE.json` wrote"
CUT_BY_DRAIN = "no answer when the drain time was over"
CUT_BY_INTERRUPT = "unanswered when the run was interrupted"
NOT_SENT = "not sent: this client had too many requests unanswered"
TOO_LATE = "not sent: this client was still behind its schedule when the time was over"
NEVER_SENT = (NOT_SENT, TOO_LATE)


@dataclass(frozen=True)
class Sample:
    """One request; times in seconds from the start of the run."""

    intended_seconds: FiniteFloat
    """When it should have been sent; in a closed loop, when it was sent."""
    sent_seconds: FiniteFloat
    done_seconds: FiniteFloat
    """When its answer or its failure came."""
    prompt_tokens: int
    output_tokens: int
    """Tokens of the answer; 0 for a failure."""
    error: str = ""
    """Why there is no answer; empty when there is one."""

    @property
    def latency_ms(self) -> float:
        """From when it should have been sent: what a user waits who does not know that the client was late."""
        return (self.done_seconds - self.intended_seconds) * 1000


class Run(BaseModel):
    """A run and all its samples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = VERSION
    settings: LoadSettings
    command: str
    started_utc: str
    elapsed_seconds: float
    """How long requests were sent: `seconds` of the settings, or less after an interrupt."""
    client_cpu_percent: float
    """Of one core; this client runs on one, so near 100 it is what was measured."""
    interrupted: bool
    prediction: Predicted | NotPredicted | None = None
    """What the planner said of it before it began; None of a run that nobody asked it about, or an older one."""
    samples: tuple[Sample, ...]


def save_run(run: Run, path: Path) -> None:
    """Write the run, a row a sample, times to the microsecond."""
    document = run.model_dump(mode="json", exclude={"samples"})
    rows = [
        [*(round(t, 6) for t in (s.intended_seconds, s.sent_seconds, s.done_seconds)), *_rest(s)] for s in run.samples
    ]
    path.write_text(json.dumps({**document, "columns": [*Sample.__dataclass_fields__], "rows": rows}) + "\n", "utf-8")


def _rest(sample: Sample) -> tuple[int, int, str]:
    return sample.prompt_tokens, sample.output_tokens, sample.error


def read_run(path: Path) -> Run:
    """A run that was saved.

    Raises:
        UserError: it is no such file; it says why.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        columns, rows = document.pop("columns"), document.pop("rows")
        samples = [dict(zip(columns, row, strict=True)) for row in rows]
        run = Run.model_validate({**document, "samples": samples})
    except OSError as refused:
        raise fail(str(path), f"cannot be read: {refused.strerror}", READ_WAY_OUT) from refused
    except (KeyError, AttributeError) as missing:
        raise fail(str(path), f"holds no samples (no {missing})", READ_WAY_OUT) from missing
    except ValidationError as broken:
        first = broken.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise fail(f"{path}: {place}", first["msg"], READ_WAY_OUT) from broken
    except (ValueError, TypeError) as broken:
        raise fail(str(path), f"is no run: {broken}", READ_WAY_OUT) from broken
    if run.version != VERSION:
        raise fail(str(path), f"has version {run.version}, this reads {VERSION}", "measure again with this version")
    return run
