"""`infer MODEL --text TEXT`: one real request through the gateway, answered on the terminal as it is generated."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from aigc.catalog.faults import UserError, fail
from aigc.config.stack_file import parse_stack_file
from aigc.config.stacks import MODEL_REPOSITORY, stack_path
from aigc.plan.resolve import resolve
from scripts.console import OutputFormat, err, out, print_json
from scripts.model.client import DEFAULT_TIMEOUT_SECONDS, GatewayEndpoint, Generation, Protocol, infer_text
from scripts.stacks import LOCAL_STACK

LOCAL_GATEWAY = "10.217.0.1:30080"
"""The bridge of the local cluster and the NodePort of its gateway."""
SERVED_HOST = "{model}.models.aigc.internal"
"""Host names of the local stack, for a model its stack file does not name."""


def register(app: typer.Typer) -> None:
    """Add the verb."""

    @app.command("infer")
    def infer(
        model: Annotated[str, typer.Argument(help="A model the stack serves, for instance gpt.")],
        text: Annotated[str, typer.Option(help="What the model continues.")],
        max_tokens: Annotated[int, typer.Option(help="At most so many tokens.")] = 64,
        protocol: Annotated[Protocol, typer.Option(help="KServe v2 over gRPC or HTTP.")] = Protocol.GRPC,
        stream: Annotated[bool, typer.Option(help="Print the answer while it is generated (gRPC).")] = True,
        address: Annotated[str, typer.Option(help="HOST:PORT of the gateway.")] = LOCAL_GATEWAY,
        host: Annotated[str | None, typer.Option(help="Host name of the endpoint behind the gateway.")] = None,
        timeout: Annotated[float, typer.Option(help="Seconds until it gives up.")] = DEFAULT_TIMEOUT_SECONDS,
        output_format: Annotated[OutputFormat, typer.Option("--format")] = OutputFormat.TEXT,
    ) -> None:
        """One real request through the gateway, human-readable answer."""
        endpoint = GatewayEndpoint(host or served_host(model), checked_address(address))
        for_person = output_format is OutputFormat.TEXT
        said = _OnTerminal(text)
        generation = infer_text(
            endpoint,
            model,
            text,
            max_tokens,
            protocol,
            said.add if for_person and stream else None,
            timeout_seconds=timeout,
        )
        if not for_person:
            print_json({"prompt": text, **asdict(generation)})
            return
        if not stream:
            said.add(generation.text)
        out.print("", markup=False)
        err.print(summary(generation), style="dim", markup=False)


class _OnTerminal:
    """Prompt and answer as one text; the prompt waits for the answer, so that a fault stands alone."""

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt

    def add(self, piece: str) -> None:
        out.print(self._prompt, end="", style="dim", markup=False)
        out.print(piece, end="", markup=False)
        self._prompt = ""


def served_host(model: str, stack: str = LOCAL_STACK) -> str:
    """The host of a model's endpoint by the plan of its stack; by the naming rule where the local one has none."""
    try:
        plan = resolve(parse_stack_file(stack_path(stack)), stack, MODEL_REPOSITORY)
    except UserError:
        if stack != LOCAL_STACK:
            raise
        return SERVED_HOST.format(model=model)
    hosts = {endpoint.models[0]: endpoint.host for endpoint in plan.endpoints}
    if model not in hosts:
        raise fail(
            f"model {model}",
            f"is no endpoint of stack {stack}",
            f"ask one of {', '.join(sorted(hosts))}, or name a host of another gateway with --host and --address",
        )
    return hosts[model]


def checked_address(address: str) -> str:
    """HOST:PORT with a port that can exist."""
    name, _, port = address.rpartition(":")
    if not name or not port.isdigit() or not 0 < int(port) < 65536 or "/" in name:
        raise fail("--address", f"{address} is not HOST:PORT", f"write it like {LOCAL_GATEWAY}, without http://")
    return address


def summary(generation: Generation) -> str:
    """What the answer took, in one line."""
    first = generation.first_token_seconds
    parts = [
        f"{generation.tokens} tokens in {generation.seconds * 1000:.0f} ms",
        f"first after {first * 1000:.0f} ms" if first is not None else "",
        f"{generation.model} over {generation.protocol}",
        "ended by itself" if generation.finished else "cut at --max-tokens or the context",
    ]
    return " · ".join(part for part in parts if part)
