"""The keys of a cluster: who signs whom, who serves under which names, and who may read them."""

import base64
import ipaddress
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scripts.local.cluster.layout import Layout
from scripts.local.cluster.pki import AUTHORITIES, LEAVES, Leaf, ensure_pki
from scripts.local.cluster.renderings import as_yaml, kubeconfig


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    made = Layout(tmp_path_factory.mktemp("pki") / "state")
    assert ensure_pki(made)
    return made


def certificate(layout: Layout, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((layout.pki / f"{name}.crt").read_bytes())


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.file)
def test_every_leaf_is_signed_by_its_own_authority_and_by_no_other(layout: Layout, leaf: Leaf) -> None:
    for authority in AUTHORITIES:
        if authority == leaf.authority:
            certificate(layout, leaf.file).verify_directly_issued_by(certificate(layout, authority))
        else:
            with pytest.raises(ValueError, match="issuer"):
                certificate(layout, leaf.file).verify_directly_issued_by(certificate(layout, authority))


def test_the_api_server_serves_under_all_its_names(layout: Layout) -> None:
    names = certificate(layout, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert addresses == {"10.96.0.1", "10.217.0.1", "127.0.0.1"}
    assert {"kubernetes", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"} <= set(
        names.get_values_for_type(x509.DNSName)
    )
    assert ipaddress.ip_address("10.217.0.1") in names.get_values_for_type(x509.IPAddress)


def test_the_kubelet_speaks_for_its_node_and_the_administrator_for_masters(layout: Layout) -> None:
    def subject(name: str) -> tuple[str, str]:
        found = certificate(layout, name).subject
        common, organization = (
            found.get_attributes_for_oid(o)[0] for o in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME)
        )
        return str(common.value), str(organization.value)

    assert subject("kubelet") == ("system:node:aigc-local", "system:nodes")
    assert subject("admin")[1] == "system:masters"


def test_no_key_is_readable_by_others(layout: Layout) -> None:
    keys = list(layout.pki.glob("*.key"))
    assert len(keys) == len(LEAVES) + len(AUTHORITIES) + 1
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert layout.pki.stat().st_mode & 0o777 == 0o700


def test_a_complete_set_is_kept_and_an_incomplete_one_made_again(layout: Layout, tmp_path: Path) -> None:
    before = (layout.pki / "ca.crt").read_bytes()
    assert not ensure_pki(layout)
    assert (layout.pki / "ca.crt").read_bytes() == before
    broken = Layout(tmp_path / "state")
    broken.pki.mkdir(parents=True)
    (broken.pki / "ca.crt").write_text("half a certificate")
    assert ensure_pki(broken)
    certificate(broken, "admin").verify_directly_issued_by(certificate(broken, "ca"))


def test_the_kubeconfig_holds_a_key_that_fits_its_certificate(layout: Layout) -> None:
    document = yaml.safe_load(as_yaml(kubeconfig(layout, "admin")))
    user = document["users"][0]["user"]
    made = x509.load_pem_x509_certificate(base64.b64decode(user["client-certificate-data"]))
    assert isinstance(made.public_key(), ec.EllipticCurvePublicKey)
    assert document["clusters"][0]["cluster"]["server"] == "https://10.217.0.1:16443"
    assert base64.b64decode(user["client-key-data"]) == (layout.pki / "admin.key").read_bytes()
