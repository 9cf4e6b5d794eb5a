"""`schema`: the JSON Schema of a stack file, so that editors complete keys and show what each means."""

from __future__ import annotations

from typing import Annotated

import typer

from aigc.config.json_schema import stack_file_schema
from scripts.console import OutputFormat, out, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the command."""

    @app.command("schema")
    def schema(
        output_format: Annotated[
            OutputFormat, typer.Option("--format", help="json is the schema; text lists every key with its meaning.")
        ] = OutputFormat.JSON,
    ) -> None:
        """Print the JSON Schema of a stack file."""
        document = stack_file_schema()
        if output_format is OutputFormat.JSON:
            print_json(document)
            return
        for name, definition in sorted(document["$defs"].items()):
            for key, field in definition.get("properties", {}).items():
                out.print(f"{name}.{key}: {' '.join(field.get('description', '').split())}", markup=False)
