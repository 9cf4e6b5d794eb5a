"""The ops command: `python -m scripts VERB`.

Exit codes are a contract: 0 fine, 1 the answer is no, 2 bad input (with where, why and the way out), never a
traceback for something a person can mend.
"""

from __future__ import annotations

import importlib
import signal
import sys

import typer
import typer.exceptions

from aigc.catalog.faults import Fault, UserError
from scripts.console import EXIT_BAD_INPUT, EXIT_NO, err, print_faults
from scripts.engine.wave import ApplyFailedError

EXIT_INTERRUPTED = 130
VERB_MODULES = ("validate", "schema", "plan", "preview", "render", "cluster", "up", "down", "status", "logs", "infer",
                "load", "load_compare", "engine", "images", "capacity", "pin", "drift", "ledger")  # fmt: skip


def build_app() -> typer.Typer:
    """Assemble the command from one module a verb."""
    app = typer.Typer(
        name="scripts",
        help="Operate generative-AI inference stacks: plan, preview, bring up, ask, look, take down.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in VERB_MODULES:
        importlib.import_module(f"scripts.verbs.{name}").register(app)
    return app


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    code = run_verb(arguments)
    if code == EXIT_INTERRUPTED:
        err.print("interrupted; run the same command again to go on where it stopped, or anew")
    return code


def run_verb(arguments: list[str] | None) -> int:
    """Run one verb; Typer itself makes an exit code of an interrupt that it sees first."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        result = build_app()(arguments, standalone_mode=False)
    except ApplyFailedError as error:
        print_faults(error.faults)
        return EXIT_NO
    except UserError as error:
        print_faults(error.faults)
        return EXIT_BAD_INPUT
    except typer.exceptions.Exit as stop:
        return stop.exit_code
    except typer.exceptions.TyperException as error:
        way_out = "`python -m scripts --help` lists the verbs and their options"
        print_faults([Fault("command line", error.format_message(), way_out)])
        return EXIT_BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
