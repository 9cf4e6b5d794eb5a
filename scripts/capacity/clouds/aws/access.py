"""Who asks AWS, and how a call that fails becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    LoginError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from aigc.catalog.faults import fail
from scripts.capacity.facts import Deadline, Fact, Known, Unknown

T = TypeVar("T")

PRICE_LIST_REGION = "us-east-1"
"""The price list is served in three regions, for all of them; this is the oldest."""
_CONFIG = Config(
    # botocore's standard mode: throttled, timed-out and 5xx calls again, after up to 20 s, with a budget of retries.
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=20,
)
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
    LoginError,
)
_REFUSED = {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
            "AuthFailure", "SignatureDoesNotMatch", "RequestExpired"}  # fmt: skip
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_WAY_IN = (
    "run `aws sso login` or `aws configure`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
    "(and AWS_SESSION_TOKEN)"
)


class Access:
    """Clients of one region, made when first asked for, and the identity behind them."""

    def __init__(self, session: boto3.Session, region: str, deadline: Deadline) -> None:
        self.region = region
        self._session = session
        self._deadline = deadline
        self.client = cache(self._client)
        self.identity: Fact[str] = self.ask("sts:GetCallerIdentity", self._identity)

    def _client(self, service: str) -> Any:
        region = PRICE_LIST_REGION if service == "pricing" else self.region
        return self._session.client(service, region_name=region, config=_CONFIG)

    def _identity(self) -> str:
        answer = self.client("sts").get_caller_identity()
        return f"{answer['Account']} ({answer['Arn']})"

    def ask(self, action: str, call: Callable[[], T]) -> Fact[T]:
        """What `call` returns, or why it did not; `action` is the right that it needs, for example `ec2:Describe...`.

        Raises:
            UserError: there are no credentials, or AWS refuses them: then no other question would be answered either.
        """
        if late := self._deadline.passed():
            return late
        try:
            return Known(call())
        except ClientError as error:
            return _refusal(action, error)
        except _NO_CREDENTIALS as error:
            raise fail("AWS credentials", str(error), _WAY_IN) from None
        except BotoCoreError as error:
            return Unknown(f"{action} was not answered: {error}", "check the network and AWS_ENDPOINT_URL, ask again")


def _refusal(action: str, error: ClientError) -> Unknown:
    code = error.response.get("Error", {}).get("Code", "")
    words = error.response.get("Error", {}).get("Message", "") or str(error)
    if code in _REFUSED:
        way_out = f"{_WAY_IN}; a region that the account has not switched on refuses them, too"
        raise fail("AWS credentials", f"AWS refuses them ({code}): {words}", way_out) from None
    if code in _DENIED:
        return Unknown(f"these credentials may not {action}", f"allow the IAM action {action}")
    return Unknown(f"{action} failed ({code}): {words}", "ask again; if it stays so, the sentence is AWS's own")


def open_access(region: str, deadline: Deadline) -> Access:
    """The credentials at hand.

    Raises:
        UserError: there are none, or AWS refuses them.
    """
    try:
        session = boto3.Session(region_name=region)
        found = session.get_credentials()
    except ProfileNotFound as error:
        raise fail("AWS credentials", str(error), "set AWS_PROFILE to one of `aws configure list-profiles`") from None
    except BotoCoreError as error:
        raise fail("AWS credentials", str(error), _WAY_IN) from None
    if found is None:
        raise fail("AWS credentials", "there are none here", _WAY_IN)
    return Access(session, region, deadline)
