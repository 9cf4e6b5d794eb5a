"""Keys and certificates of the cluster: a certificate authority of its own, made once per `up` from nothing."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scripts.local.cluster.layout import (
    API_SERVICE_IP,
    CLUSTER_DOMAIN,
    LOOPBACK,
    NODE_IP,
    NODE_NAME,
    Layout,
)

AUTHORITY_DAYS = 3650
LEAF_DAYS = 825
CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Leaf:
    """A certificate to be made: its name, whom it speaks for, and where it may be used."""

    file: str
    common_name: str
    organization: str | None = None
    names: tuple[str, ...] = ()
    """DNS names and addresses it serves under; empty for a client only."""
    authority: str = "ca"

    @property
    def serves(self) -> bool:
        """Whether it is a server's certificate."""
        return bool(self.names)


KUBERNETES_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
)
CLIENT_LEAVES = {
    "admin": Leaf("admin", "aigc-admin", "system:masters"),
    "kubelet": Leaf("kubelet", f"system:node:{NODE_NAME}", "system:nodes"),
    "controller-manager": Leaf("controller-manager", "system:kube-controller-manager"),
    "scheduler": Leaf("scheduler", "system:kube-scheduler"),
    "kube-proxy": Leaf("kube-proxy", "system:kube-proxy"),
    "coredns": Leaf("coredns", "system:coredns"),
}
"""Who gets a kubeconfig."""
LEAVES = (
    *CLIENT_LEAVES.values(),
    Leaf("apiserver", "kube-apiserver", names=(*KUBERNETES_NAMES, "localhost", API_SERVICE_IP, NODE_IP, LOOPBACK)),
    Leaf("apiserver-kubelet-client", "aigc:apiserver-kubelet-client"),
    Leaf("kubelet-serving", f"system:node:{NODE_NAME}", "system:nodes", names=(NODE_NAME, NODE_IP)),
    Leaf("controller-manager-serving", "kube-controller-manager", names=("localhost", LOOPBACK)),
    Leaf("scheduler-serving", "kube-scheduler", names=("localhost", LOOPBACK)),
    Leaf("etcd-server", "etcd", names=("localhost", LOOPBACK), authority="etcd-ca"),
    Leaf("etcd-client", "kube-apiserver", authority="etcd-ca"),
    Leaf("front-proxy-client", "front-proxy-client", authority="front-proxy-ca"),
)
AUTHORITIES = ("ca", "etcd-ca", "front-proxy-ca")
"""Apart: the API server's own clients must not be able to speak to etcd, nor to forge identities as its proxy."""


def ensure_pki(layout: Layout) -> bool:
    """Make everything unless a complete set lies there; returns whether it was made.

    A set is complete when its last file, the mark, exists: an interrupted run starts again from nothing.
    """
    mark = layout.pki / "complete"
    if mark.exists():
        return False
    layout.pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.datetime.now(datetime.UTC)
    authorities = {name: _write_authority(layout.pki, name, now) for name in AUTHORITIES}
    for leaf in LEAVES:
        _write_leaf(layout.pki, leaf, *authorities[leaf.authority], now)
    _write_service_account_key(layout.pki)
    mark.write_text("1\n")
    return True


def _write_authority(
    folder: Path, name: str, now: datetime.datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"aigc-{name}")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(subject, subject, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder, name, certificate, key)
    return certificate, key


def _write_leaf(
    folder: Path,
    leaf: Leaf,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if leaf.serves else [])]
    builder = (
        _builder(x509.Name(attributes), authority.subject, key, now, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    )
    if leaf.serves:
        builder = builder.add_extension(x509.SubjectAlternativeName(_alternative_names(leaf.names)), critical=False)
    _write(folder, leaf.file, builder.sign(authority_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return found


def _write(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_key(folder / f"{name}.key", key)


def _write_service_account_key(folder: Path) -> None:
    # RSA: every client library out there verifies RS256 tokens.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    _write_key(folder / "service-account.key", key)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "service-account.pub").write_bytes(public)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(text)
