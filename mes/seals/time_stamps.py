"""A witness that tells the time: an authority after RFC 3161 stamps each checkpoint, and remembers nothing.

A token proves that this very checkpoint was there at that time. So nobody can write a history today that bears the
times of last year; yet what was cut off it does not know: that takes a witness that remembers.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from mes.seals.witness import Known, Silent, Told, not_answered

_PATIENCE = httpx.Timeout(10.0, connect=3.0)


@dataclass(frozen=True)
class TimeStamps:
    """An authority; ``certificate`` is a file with its roots, and those between, as PEM."""

    name: str
    url: str
    certificate: Path
    every: timedelta

    @property
    def words(self) -> str:
        """What and where it is."""
        return f"a time-stamping authority, {self.url}"

    def confirm(self, told: Told) -> str:
        """Return the token, as base64."""
        message = told.sealed.note.encode()
        builder = TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        content = self._asked(request.as_bytes())
        try:
            self._must_hold(decode_timestamp_response(content), message, request.nonce)
        except (ValueError, VerificationError) as error:
            raise Silent(f"its token does not hold: {error}") from None
        return base64.b64encode(content).decode()

    def proves(self, answer: str, note: str) -> bool:
        """Say whether a token is of this checkpoint and of this authority."""
        try:
            self._must_hold(decode_timestamp_response(base64.b64decode(answer)), note.encode(), None)
        except (ValueError, VerificationError, Silent):
            return False
        return True

    def known(self) -> Iterable[Known]:
        """Say that it remembers nothing."""
        raise Silent("it remembers nothing; its tokens are kept with our checkpoints, and are checked")

    def _asked(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
                return client.post(self.url, content=request, headers=headers).raise_for_status().content
        except httpx.HTTPError as error:
            raise Silent(f"{self.url} {not_answered(error)}") from None

    def _must_hold(self, response: TimeStampResponse, message: bytes, nonce: int | None) -> None:
        try:
            certificates = load_pem_x509_certificates(self.certificate.read_bytes())
        except (OSError, ValueError) as error:
            raise Silent(f"{self.certificate} is no certificate: {error}") from None
        roots = [each for each in certificates if each.issuer == each.subject]
        between = [each for each in certificates if each.issuer != each.subject]
        VerifierBuilder(roots=roots, intermediates=between, nonce=nonce).build().verify_message(response, message)
