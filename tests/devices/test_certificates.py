"""Certificates: ours, and whom we trust."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from devices import certificates
from devices.certificates import Trust, UnknownFingerprintError, UntrustedError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return certificates.make(tmp_path_factory.mktemp("server"), "urn:server", "reactor.local").read_bytes()


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return certificates.make(tmp_path_factory.mktemp("impostor"), "urn:server", "reactor.local").read_bytes()


def test_our_certificate_is_what_opc_ua_asks_for(tmp_path: Path) -> None:
    """The application URI as an alternative name, the key usages, client and server; the key is ours alone."""
    path = certificates.make(tmp_path, "urn:host:gateway", "host")
    made = x509.load_der_x509_certificate(path.read_bytes()).extensions
    usage = made.get_extension_for_class(x509.KeyUsage).value
    assert certificates.application_uri(path) == "urn:host:gateway"
    used = (usage.digital_signature, usage.content_commitment, usage.key_encipherment, usage.data_encipherment)
    assert all(used)
    assert set(made.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.SERVER_AUTH,
    }
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_certificate_is_never_replaced(tmp_path: Path) -> None:
    """Every server that trusts it would refuse the next one."""
    certificates.make(tmp_path, "urn:a", "host")
    with pytest.raises(FileExistsError):
        certificates.make(tmp_path, "urn:a", "host")


def test_an_unknown_server_is_refused_until_a_person_accepts_it(tmp_path: Path, server: bytes) -> None:
    """The refusal says where the certificate is and which command accepts it."""
    trust, known = Trust(tmp_path), certificates.fingerprint(server)
    with pytest.raises(UntrustedError, match=f"is not known.*rejected.*python -m devices trust .* {known}"):
        trust.check("BR-01", server)
    assert (tmp_path / "rejected" / f"BR-01.{known}.der").read_bytes() == server
    assert trust.accept(known.upper())[0] == "BR-01"
    trust.check("BR-01", server)
    assert not list((tmp_path / "rejected").iterdir())


def test_a_changed_certificate_is_refused(tmp_path: Path, server: bytes, impostor: bytes) -> None:
    """The same names, another key."""
    trust = Trust(tmp_path)
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted" / "BR-01.der").write_bytes(server)
    with pytest.raises(UntrustedError, match="has changed"):
        trust.check("BR-01", impostor)


def test_trust_is_given_for_one_instrument(tmp_path: Path, server: bytes) -> None:
    """The server of one instrument is not the server of another."""
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted" / "BR-01.der").write_bytes(server)
    with pytest.raises(UntrustedError):
        Trust(tmp_path).check("BR-02", server)


def test_what_was_never_refused_cannot_be_accepted(tmp_path: Path) -> None:
    """A wrong fingerprint is a sentence."""
    with pytest.raises(UnknownFingerprintError, match="has the fingerprint abc"):
        Trust(tmp_path).accept("abc")


def test_of_a_chain_only_the_first_certificate_counts(server: bytes, impostor: bytes) -> None:
    """Servers may show whom they were signed by as well."""
    assert certificates.leaf(server + impostor) == server
