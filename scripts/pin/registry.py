"""The digest of a tag, by the OCI distribution spec and, where a registry wants one, an anonymous token.

Without credentials: what the catalog names of other makers is public.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from urllib.request import parse_http_list, parse_keqv_list

import httpx

from scripts.capacity.facts import Deadline, Fact, Known, Unknown
from scripts.capacity.rest import Rest, RestError

_MANIFESTS = ", ".join((
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
))  # fmt: skip
"""An index first: its digest is that of the tag on every architecture."""
_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Names that a reference uses for a registry at another address; this is the only one."""
_LOOPBACK = ("127.0.0.1", "localhost")
_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


@dataclass(frozen=True)
class Tag:
    """A tag of a repository in a registry."""

    registry: str
    repository: str
    tag: str

    @property
    def address(self) -> str:
        """Where its registry answers; on loopback without TLS, as for docker."""
        host = _HOSTS.get(self.registry, self.registry)
        return f"{'http' if self.registry.partition(':')[0] in _LOOPBACK else 'https'}://{host}"


def tag_of(reference: str) -> Tag | None:
    """The parts of `registry/repository:tag`; None where it names no registry, or no tag."""
    registry, _, rest = reference.partition("/")
    repository, _, tag = rest.rpartition(":")
    if not (repository and tag) or not ("." in registry or ":" in registry or registry in _LOOPBACK):
        return None
    return Tag(registry, repository, tag)


def digest_of(tag: Tag, deadline: Deadline) -> Fact[str]:
    """`sha256:` and the sum of the manifest that the tag names now, computed from what the registry sent."""
    if late := deadline.passed():
        return late
    try:
        response = _manifest(tag, Rest(tag.address, deadline, follow_redirects=True))
        return _digest(tag, response)
    except httpx.InvalidURL as error:
        return Unknown(f"{tag.registry} is no address: {error}", "mend its reference")
    except RestError as error:
        return Unknown(f"{tag.registry} does not say: {error.words}", "ask again; check the network, and its proxy")


def _manifest(tag: Tag, api: Rest) -> httpx.Response:
    path = f"/v2/{tag.repository}/manifests/{tag.tag}"
    response = api.ask(path, headers={"Accept": _MANIFESTS})
    challenge = response.headers.get("WWW-Authenticate", "")
    if response.status_code != httpx.codes.UNAUTHORIZED or not challenge.lower().startswith("bearer "):
        return response
    token = _anonymous_token(challenge, api)
    # Where it was sent on to another place, that one wants the token.
    return api.ask(str(response.url), headers={"Accept": _MANIFESTS, "Authorization": f"Bearer {token}"})


def _anonymous_token(challenge: str, api: Rest) -> str:
    try:
        words = parse_keqv_list(parse_http_list(challenge.partition(" ")[2]))
    except (ValueError, IndexError):
        words = {}
    asked: dict[str, str] = {name: words[name] for name in ("service", "scope") if name in words}
    if not words.get("realm", "").startswith(("https://", "http://")):
        raise RestError(httpx.codes.UNAUTHORIZED, f"it wants a token, and names no place to get one: {challenge}")
    answer = api.get(words["realm"], asked)
    token = answer.get("token") or answer.get("access_token")
    if not isinstance(token, str):
        raise RestError(httpx.codes.OK, f"there is no token in the answer of {words['realm']}")
    return token


def _digest(tag: Tag, response: httpx.Response) -> Fact[str]:
    if response.status_code == httpx.codes.NOT_FOUND:
        return Unknown(f"{tag.registry} has no {tag.repository}:{tag.tag}", "mend its reference")
    if response.status_code in _REFUSED:
        return Unknown(f"{tag.registry} shows it to nobody without credentials", "write its digest down by hand")
    if response.status_code != httpx.codes.OK:
        raise RestError(response.status_code, f"HTTP status {response.status_code}")
    computed = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
    said = response.headers.get("Docker-Content-Digest", computed)
    if said != computed:
        raise RestError(response.status_code, f"it names {said} what has the digest {computed}")
    return Known(computed)
