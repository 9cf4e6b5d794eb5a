"""Failed requests in words: what went wrong between a person and a model, and the way out.

Three parties can refuse: nobody listens (the gateway is down), the gateway (no such host, no replica yet), or Triton
(no such model, a bad prompt). Their refusals arrive as a dozen exceptions and status codes; here they become one fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aigc.catalog.faults import UserError, fail


@dataclass(frozen=True)
class Call:
    """One request: where it goes and how long it may take."""

    host: str
    address: str
    model: str
    timeout_seconds: float
    request_id: str | None = None


_UNKNOWN_MODEL = re.compile(r"unknown model|is not found|no available versions|failed to find model", re.IGNORECASE)
_NO_CONNECTION = re.compile(
    r"failed to connect|connection refused|connection reset|name or service not known|name resolution|"
    r"lookup error|\bdns\b|no route to host|network is unreachable|socket closed|getaddrinfo|errno 1(01|04|11|13)",
    re.IGNORECASE,
)
_TIMED_OUT = re.compile(r"deadline exceeded|timed? ?out", re.IGNORECASE)
_MODEL_STATUSES = {"", "400", "404", "NOT_FOUND", "INVALID_ARGUMENT", "UNAVAILABLE"}
"""What Triton answers to an unknown model, by protocol and version."""
_NOT_TRITON = "while decoding the response"
"""tritonclient could not read an error as JSON: a proxy made it, not Triton."""
_TENSORS = ("INPUT__0", "MAX_TOKENS")
"""How the model's own refusals begin; inside a gRPC stream they carry no status."""
_HTTP_STATUS = re.compile(r"http2? header with status: (\d{3})")


def in_words(call: Call, broken: Exception) -> UserError:
    """The fault to show for an exception of a transport."""
    status, message = _refusal(broken)
    known = [
        (status in {"DEADLINE_EXCEEDED", "499"} or _TIMED_OUT.search(message), _timed_out),
        (status in _MODEL_STATUSES and _UNKNOWN_MODEL.search(message), _unknown_model),
        (status in {"", "UNAVAILABLE"} and _NO_CONNECTION.search(message), _unreachable),
        (status in {"404", "UNIMPLEMENTED"}, _unknown_host),
        (status in {"502", "503", "504", "UNAVAILABLE"}, _no_replica),
        (status in {"400", "INVALID_ARGUMENT"} or message.startswith(_TENSORS), _bad_request),
    ]
    for applies, fault in known:
        if applies:
            return fault(call, message)
    return fail(
        f"model {call.model} at {call.address}",
        f"failed with {status or type(broken).__name__}: {message}",
        f"`python -m scripts logs {_endpoint(call)}` shows what the server saw",
    )


def _refusal(broken: Exception) -> tuple[str, str]:
    """HTTP status or gRPC code (empty when nothing was received) and message of whatever was raised.

    A gRPC error that hides an HTTP status, as a proxy makes them, is told by that status.
    """
    status_of = getattr(broken, "status", None)
    status = str((status_of() if callable(status_of) else "") or "").removeprefix("StatusCode.")
    message_of = getattr(broken, "message", None)
    message = str((message_of() if callable(message_of) else "") or broken or type(broken).__name__)
    hidden = _HTTP_STATUS.search(message)
    if _NOT_TRITON in message:
        message = f"HTTP {status} from a proxy, not from Triton"
    first_line = message.strip().splitlines()[0] if message.strip() else "no reason given"
    return (hidden.group(1) if hidden else status), first_line


def _endpoint(call: Call) -> str:
    return call.host.split(".", 1)[0]


def _timed_out(call: Call, _message: str) -> UserError:
    return fail(
        f"model {call.model} at {call.address}",
        f"gave no answer within {call.timeout_seconds:g} s",
        "allow more with --timeout, ask for fewer tokens with --max-tokens, "
        f"or see `python -m scripts logs {_endpoint(call)}`",
    )


def _unreachable(call: Call, message: str) -> UserError:
    return fail(
        f"gateway {call.address}",
        f"cannot be reached ({message})",
        "`python -m scripts up` starts the local stack, `python -m scripts status` says what is wrong with it; "
        "another gateway is named with --address HOST:PORT",
    )


def _unknown_host(call: Call, _message: str) -> UserError:
    return fail(
        f"gateway {call.address}",
        f"serves no host {call.host}",
        "`python -m scripts plan` lists the endpoints of the stack; name another host with --host",
    )


def _unknown_model(call: Call, _message: str) -> UserError:
    return fail(
        f"model {call.model}",
        f"is not served by {call.host}",
        "`python -m scripts plan` lists which models each endpoint serves",
    )


def _no_replica(call: Call, message: str) -> UserError:
    return fail(
        f"endpoint {call.host}",
        f"has no replica ready: it is starting from zero, or it failed to ({message})",
        f"ask again in a few seconds; if it stays, `python -m scripts logs {_endpoint(call)}` says why",
    )


def _bad_request(call: Call, message: str) -> UserError:
    return fail(f"model {call.model}", message, "change the request and ask again")
