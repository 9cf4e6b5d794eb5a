"""A registry of the OCI distribution spec for tests: manifests by tag, anonymous tokens of one repository each."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.pure.capacity.loopback import Answer, AnswerWithHeaders, Request

_MANIFEST = re.compile(r"/v2/(?P<repository>.+)/manifests/(?P<tag>[^/]+)")


def digest(manifest: dict[str, Any]) -> str:
    """As `loopback` writes it."""
    return f"sha256:{hashlib.sha256(json.dumps(manifest).encode()).hexdigest()}"


@dataclass
class Registry:
    """What it holds; a test bends it before it asks."""

    url: str = ""
    manifests: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """(repository, tag) -> manifest."""
    wants_token: bool = True
    private: set[str] = field(default_factory=set)
    """Repositories for which an anonymous token does not do."""
    said_digest: str | None = None
    """In place of the right one."""
    moved_to: str | None = None
    """Another registry that has everything."""
    challenge: str = 'Bearer realm="{url}/token",service="a, registry",scope="repository:{repository}:pull"'

    def answer(self, request: Request) -> Answer | AnswerWithHeaders:
        if request.path == "/token":
            assert request.query["service"] == "a, registry"
            assert "authorization" not in request.headers
            return 200, {"token": f"token of {request.query['scope']}"}
        found = _MANIFEST.fullmatch(request.path)
        assert request.method == "GET" and found
        repository, tag = found["repository"], found["tag"]
        if self.moved_to:
            return 307, {}, {"Location": self.moved_to + request.path}
        token = f"Bearer token of repository:{repository}:pull"
        if repository in self.private or (self.wants_token and request.headers.get("authorization") != token):
            return 401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": self._challenge(repository)}
        if (repository, tag) not in self.manifests:
            return 404, {"errors": [{"code": "MANIFEST_UNKNOWN"}]}
        assert "application/vnd.oci.image.index.v1+json" in request.headers["accept"]
        manifest = self.manifests[repository, tag]
        return 200, manifest, {"Docker-Content-Digest": self.said_digest or digest(manifest)}

    def _challenge(self, repository: str) -> str:
        return self.challenge.format(url=self.url, repository=repository)
