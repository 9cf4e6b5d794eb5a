"""How far the cost model is from what was measured, kept so that a change of it shows as a change of its errors.

python -m tests.bench.bench_ledger          writes tests/bench/results/ledger.json
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc.plan.cost_model.profile_file import measured_profiles
from aigc.plan.ledger.report import as_json, ledger_of
from tests.bench.result_file import RESULTS, with_arguments, write_result

COMMAND = "python -m tests.bench.bench_ledger"


def ledger() -> dict[str, Any]:
    """The ledger of all runs that the catalog holds, and which they are."""
    files = measured_profiles()
    runs = [{"command": one.command, "date": one.date, "gpu": one.machine.gpu} for one in files]
    return {"runs": runs, **as_json(ledger_of(files))}


def main(arguments: Sequence[str]) -> None:
    """Predict and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    asked = parser.parse_args(arguments)
    write_result("ledger", with_arguments(COMMAND, arguments), ledger(), asked.out)


if __name__ == "__main__":
    main(sys.argv[1:])
