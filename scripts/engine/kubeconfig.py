"""A kubeconfig as what a connection needs: server, trust, identity. Small, so that no heavy client is imported."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aigc.catalog.faults import fail

EXEC_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Connection:
    """How to reach one API server."""

    server: str
    context: ssl.SSLContext
    token: str | None


def load_connection(path: Path, context_name: str | None) -> Connection:
    """Read the named context, or the current one."""
    raw = _read(path)
    name = context_name or raw.get("current-context")
    context = _named(raw, "contexts", "context", name, path)
    cluster = _named(raw, "clusters", "cluster", context.get("cluster"), path)
    user = _named(raw, "users", "user", context.get("user"), path)
    server = str(cluster.get("server") or "")
    if not server.startswith(("https://", "http://")):
        raise fail(f"{path}: clusters", f"the server '{server}' is no URL", "write `server: https://host:port`")
    if "exec" in user:
        user = {**user, **_run_plugin(user["exec"], path)}
    return Connection(server.rstrip("/"), _ssl_context(cluster, user, path.parent), _token(user, path.parent))


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fail(
            str(path), "there is no such kubeconfig", "run `python -m scripts cluster up`, or name one by --kubeconfig"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise fail(str(path), "it is not YAML", "name a kubeconfig file") from None
    if not isinstance(raw, dict):
        raise fail(str(path), "it is not a kubeconfig", "name a kubeconfig file")
    return raw


def _named(raw: dict[str, Any], section: str, field: str, name: Any, path: Path) -> dict[str, Any]:
    entries = [entry for entry in raw.get(section) or [] if isinstance(entry, dict)]
    for entry in entries:
        if entry.get("name") == name and isinstance(entry.get(field), dict):
            found: dict[str, Any] = entry[field]
            return found
    known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
    raise fail(f"{path}: {section}", f"there is no {field} named '{name}'", f"choose one of: {known}")


def _data(entry: dict[str, Any], key: str, folder: Path) -> bytes | None:
    """`<key>-data` in base64, or the file that `<key>` names, relative to the kubeconfig."""
    if entry.get(f"{key}-data"):
        return base64.b64decode(entry[f"{key}-data"])
    return (folder / str(entry[key])).read_bytes() if entry.get(key) else None


def _ssl_context(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _data(cluster, "certificate-authority", folder)
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate, key = _data(user, "client-certificate", folder), _data(user, "client-key", folder)
    if certificate and key:
        with tempfile.TemporaryDirectory(prefix="aigc-identity-") as private:  # mode 0700; ssl reads files only
            pair = Path(private) / "pair.pem"
            pair.touch(mode=0o600)
            pair.write_bytes(certificate + b"\n" + key)
            context.load_cert_chain(pair)
    return context


def _token(user: dict[str, Any], folder: Path) -> str | None:
    if user.get("token"):
        return str(user["token"])
    return (folder / str(user["tokenFile"])).read_text(encoding="utf-8").strip() if user.get("tokenFile") else None


def _run_plugin(plugin: dict[str, Any], path: Path) -> dict[str, Any]:
    """Credentials of clouds come from a command that the kubeconfig names."""
    command = [str(plugin["command"]), *(str(item) for item in plugin.get("args") or [])]
    extra = {str(item["name"]): str(item["value"]) for item in plugin.get("env") or []}
    information = {"apiVersion": plugin.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    environment = {**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(information)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=EXEC_TIMEOUT_SECONDS, check=True
        )
        status = json.loads(done.stdout)["status"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise fail(
            f"{path}: users", f"`{command[0]}` gave no credentials: {error}", "run it by hand and log in"
        ) from None
    return {
        "token": status.get("token"),
        "client-certificate-data": _encoded(status.get("clientCertificateData")),
        "client-key-data": _encoded(status.get("clientKeyData")),
    }


def _encoded(text: str | None) -> str | None:
    return base64.b64encode(text.encode()).decode() if text else None
