"""OPC-UA application certificates: our own, and those of servers that a person has decided to trust.

Trust is given to one server for one instrument, by a person who has compared the fingerprint with the one that the
server's own screen shows. A server that nobody has accepted is refused, and so is one whose certificate has changed:
its certificate is put into ``rejected/`` and the refusal names the command that accepts it. Who accepted what, and
when, is a line in ``accepted.log``. A trusted certificate that expires is said, and still trusted: it is the same key
that was compared, and a batch in that reactor goes on.

    pki/own/certificate.der  key.pem     this gateway
    pki/trusted/BR-01.der                the server of BR-01
    pki/rejected/BR-01.<fingerprint>.der what called itself the server of BR-01 and is not trusted
    pki/accepted.log                     who trusted which certificate for which instrument, and when
"""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=True,
    data_encipherment=True,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class UnknownFingerprintError(LookupError):
    """Nothing that was refused has this fingerprint."""


class UntrustedError(Exception):
    """A server showed a certificate that is not the trusted one. The sentence says where it is and what to do.

    ``notice`` says it for a batch's record, where another certificate had been trusted.
    """

    def __init__(self, sentence: str, notice: str = "") -> None:
        super().__init__(sentence)
        self.notice = notice


def make(folder: Path, application: str, host: str) -> Path:
    """Make a key and a self-signed certificate for an application URI; return the certificate's path.

    Form: OPC 10000-6, 6.2.2: RSA 2048, SHA-256, the application URI and the host as alternative names, usable by
    client and server. Valid for ten years: renewing it is a planned change, for every server has to trust it anew.
    Raises `FileExistsError` where there is one already.
    """
    certificate_path, key_path = folder / "certificate.der", folder / "key.pem"
    if certificate_path.exists() or key_path.exists():
        raise FileExistsError(f"{folder} holds a certificate already; it is not replaced")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    folder.mkdir(parents=True, exist_ok=True)
    key_path.touch(mode=0o600)
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    certificate_path.write_bytes(_sign(key, application, host).public_bytes(serialization.Encoding.DER))
    return certificate_path


def _sign(key: rsa.RSAPrivateKey, application: str, host: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, application[:64])])
    alternative = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(application), x509.DNSName(host)])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3653))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(usage, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def application_uri(certificate: Path) -> str:
    """Return the application URI that a certificate stands for. Raises `ValueError` where it names none."""
    found = x509.load_der_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if not uris:
        raise ValueError(f"{certificate} names no application URI")
    return uris[0]


def exposed(secret: Path) -> bool:
    """Whether others than a secret's owner and its group can read it, or others than its owner change it."""
    return bool(secret.stat().st_mode & 0o027)


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a DER certificate, in hexadecimal."""
    return x509.load_der_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def leaf(chain: bytes) -> bytes:
    """Return the first certificate of what an endpoint shows, which may be a whole chain of DER sequences."""
    return chain[: int.from_bytes(chain[2:4], "big") + 4]


def expiry(certificate: bytes) -> datetime:
    """Return the last moment of a DER certificate's validity, aware UTC."""
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


def described(certificate: bytes) -> str:
    """Return what a person compares before trusting a certificate, a line for each."""
    found = x509.load_der_x509_certificate(certificate)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    application = ", ".join(names.get_values_for_type(x509.UniformResourceIdentifier))
    return (
        f"  fingerprint  {fingerprint(certificate)}\n"
        f"  subject      {found.subject.rfc4514_string()}\n"
        f"  application  {application or 'none is named'}\n"
        f"  valid        {found.not_valid_before_utc:%Y-%m-%d} to {found.not_valid_after_utc:%Y-%m-%d}"
    )


class Trust:
    """The folder of certificates that a person has accepted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "accepted.log"
        self.trusted, self.rejected = folder / "trusted", folder / "rejected"

    def check(self, instrument: str, certificate: bytes) -> None:
        """Return if a server's certificate is the one trusted for an instrument; else raise `UntrustedError`."""
        pinned = self._trusted(instrument)
        if pinned == certificate:
            return
        print_ = fingerprint(certificate)
        kept = self.rejected / f"{instrument}.{print_}.der"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(certificate)
        what = f"has changed from the trusted {fingerprint(pinned)}" if pinned else "is not known"
        changed = f"its server shows the certificate {print_}, trusted is another: nothing is taken from it"
        raise UntrustedError(
            f"the certificate of {instrument}'s server {what}; it was put into {kept}. If the server shows the same"
            f" fingerprint, accept it with: python -m devices trust {self.folder} {print_}",
            changed if pinned else "",
        )

    def waiting(self) -> list[tuple[str, str]]:
        """Return instrument and description of each certificate that was refused."""
        kept = sorted(self.rejected.glob("*.der"))
        return [(each.name.rsplit(".", 2)[0], described(each.read_bytes())) for each in kept]

    def accept(self, wanted: str) -> tuple[str, str]:
        """Trust a rejected certificate; return its instrument and description. Raises `UnknownFingerprintError`."""
        for kept in sorted(self.rejected.glob(f"*.{wanted.lower()}.der")):
            instrument = kept.name.removesuffix(f".{wanted.lower()}.der")
            told, before = described(kept.read_bytes()), self._trusted(instrument)
            self.trusted.mkdir(parents=True, exist_ok=True)
            with self.log.open("a", encoding="utf-8") as log:
                instead = f" instead of {fingerprint(before)}" if before else ""
                log.write(
                    f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {_person()} {instrument} {wanted.lower()}{instead}\n"
                )
            kept.replace(self.trusted / f"{instrument}.der")
            return instrument, told
        raise UnknownFingerprintError(f"no rejected certificate in {self.rejected} has the fingerprint {wanted}")

    def _trusted(self, instrument: str) -> bytes | None:
        path = self.trusted / f"{instrument}.der"
        return path.read_bytes() if path.exists() else None


def _person() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # an account without a name, as containers have
        return str(os.getuid())
