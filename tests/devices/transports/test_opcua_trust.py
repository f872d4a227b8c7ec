"""Whom a gateway talks to, as whom, and how: by the peers' word, not by our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from opcua import Client

from devices import __main__, certificates
from devices.config import POLICIES
from devices.intake import Intake
from devices.simulators.bioreactor import NAMESPACE
from tests.devices.opcua_support import Counting, assert_whole, counting, more, receiving
from tests.devices.support import readings, until

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.mark.parametrize("policy", POLICIES)
def test_each_policy_is_spoken(either: Counting, intake: Intake, policy: str) -> None:
    """Signed and encrypted in each of the three ways."""
    with receiving(replace(either.settings(), security=policy), either.pki, intake):
        more(intake.spool, 3)
    assert_whole(intake.spool)


def test_a_user_may_be_a_certificate(either: Counting, site: Path, intake: Intake) -> None:
    """Whose key signs what the server asks."""
    own = {"user_certificate": site / "user" / "certificate.der", "user_key": site / "user" / "key.pem"}
    with receiving(replace(either.settings(), user=None, password=None, **own), either.pki, intake):
        more(intake.spool, 3)
    assert_whole(intake.spool)


def test_a_certificate_with_the_key_of_another_is_nobody(either: Counting, site: Path, intake: Intake) -> None:
    """Copied from a message, without what proves it."""
    own = {"user_certificate": site / "user" / "certificate.der", "user_key": site / "pki" / "own" / "key.pem"}
    with receiving(replace(either.settings(), user=None, password=None, **own), either.pki, intake):
        until(lambda: intake._state[0] == "no connection")
    assert not readings(intake.spool)


def test_nobody_in_particular_is_refused_by_the_bioreactor(either: Counting, intake: Intake) -> None:
    """The simulated one knows a user, as a real one should."""
    with receiving(replace(either.settings(), user=None, password=None), either.pki, intake):
        until(lambda: intake._state[0] == "no connection")
    assert not readings(intake.spool)


@pytest.mark.parametrize("stack", ["asyncua", "node-opcua", "opcua"])
def test_what_is_not_good_is_kept_as_what_it_is(site: Path, intake: Intake, stack: str) -> None:
    """Bad, uncertain, no number: each with its StatusCode, whoever the server is from.

    A server of its own: node-opcua falls when a queue that nobody fetches any more runs over with a bad value in it.
    """
    found = {("bad", "0x808C0000"), ("uncertain", "0x40900000"), ("bad", "NaN"), ("bad", "Infinity")}
    with counting(site, stack) as counts, receiving(counts.settings(), counts.pki, intake):
        more(intake.spool)
        for shown in ("BadSensorFailure", "UncertainLastUsableValue", "nan", "inf"):
            counts.show(shown)
        until(lambda: found <= {(r.quality.value, w) for r in readings(intake.spool) for w in (r.status, r.value)})
    assert {reading.quality.value for reading in readings(intake.spool) if reading.value == "NaN"} == {"bad"}
    assert readings(intake.spool)[0].source_time is not None


def test_a_policy_that_a_server_does_not_offer_is_said(older: Counting, intake: Intake) -> None:
    """It is not tried with a weaker one."""
    with receiving(replace(older.settings(), security="Aes256Sha256RsaPss"), older.pki, intake):
        until(lambda: "No matching endpoints" in intake._state[1])
    assert not readings(intake.spool)


def test_a_key_that_others_can_read_is_not_used(older: Counting, intake: Intake, tmp_path: Path) -> None:
    """Who has it is the gateway, for every server."""
    pki = tmp_path / "pki"
    certificates.make(pki / "own", "urn:test:gateway", "localhost")
    (pki / "own" / "key.pem").chmod(0o644)
    with receiving(older.settings(), pki, intake):
        until(lambda: intake._state[0] == "refused")
    assert f"chmod 600 {pki / 'own' / 'key.pem'}" in intake._state[1]


def test_a_client_of_another_hand_reads_the_simulated_bioreactor(either: Counting, site: Path) -> None:
    """python-opcua's, signed and encrypted: a value, its unit, and what was before."""
    (own,) = _pem(site / "pki" / "own" / "certificate.der", site / "client.pem")
    client = Client(f"opc.tcp://127.0.0.1:{either.port}/reactor")
    client.application_uri = "urn:test:gateway"
    client.set_user("gateway")
    client.set_password("secret")
    client.set_security_string(f"Basic256Sha256,SignAndEncrypt,{own},{site / 'pki' / 'own' / 'key.pem'}")
    client.connect()
    try:
        node = client.get_node(f"ns={client.get_namespace_index(NAMESPACE)};s=Reactor.pH")
        assert node.get_value() > 0
        assert node.get_child("0:EngineeringUnits").get_value().DisplayName.Text == "pH"
        now = datetime.now(UTC).replace(tzinfo=None)
        history = [each.Value.Value for each in node.read_raw_history(now - timedelta(minutes=5), now, 5)]
        assert history == [history[0] + place for place in range(5)]
    finally:
        client.disconnect()


def _pem(certificate: Path, path: Path) -> list[Path]:
    found = x509.load_der_x509_certificate(certificate.read_bytes())
    path.write_bytes(found.public_bytes(serialization.Encoding.PEM))
    return [path]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as a person does; return its exit code and what it said."""

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["devices", *map(str, words)])
        code = __main__.main()
        return code, *capsys.readouterr()

    return command


def test_a_person_looks_at_a_certificate_and_accepts_it(older: Counting, site: Path, tmp_path: Path, run: Run) -> None:
    """Fingerprint, subject, application and validity are shown; who accepted it, and when, stays written."""
    pki, password = tmp_path / "pki", tmp_path / "password"
    run("certificate", pki / "own")
    password.write_text("secret")
    password.chmod(0o600)
    browse = ("browse", f"opc.tcp://127.0.0.1:{older.port}/reactor", "--name", "BR-01", "--certificates", pki)
    whom = ("--user", "gateway", "--password-file", password)
    code, _, said = run(*browse, *whom)
    known = certificates.fingerprint((site / "server" / "certificate.der").read_bytes())
    assert code == 1
    assert "the certificate of BR-01's server is not known" in said
    assert f"python -m devices trust {pki} {known}" in said
    _, shown, _ = run("trust", pki)
    for line in ("BR-01", f"fingerprint  {known}", "subject      CN=urn:test:server", "application  urn:test:server"):
        assert line in shown
    assert run("trust", pki, known)[1].startswith("the server of BR-01 is trusted")
    assert (pki / "accepted.log").read_text().endswith(f" BR-01 {known}\n")
    assert run("trust", pki)[1] == "no certificate waits to be trusted\n"
    assert run(*browse, *whom)[0] == 0
    password.chmod(0o644)
    assert run(*browse, *whom) == (1, "", f"{password} can be read or changed by others: chmod 600 {password}\n")


def test_a_changed_certificate_is_refused_by_name(older: Counting, intake: Intake, tmp_path: Path) -> None:
    """Both fingerprints are said: a person compares them with the one on the server's screen."""
    pki = tmp_path / "pki"
    certificates.make(pki / "own", "urn:test:gateway", "localhost")
    before = certificates.make(tmp_path / "before", "urn:test:server", "localhost").read_bytes()
    (pki / "trusted").mkdir()
    (pki / "trusted" / "XX-01.der").write_bytes(before)
    with receiving(older.settings(), pki, intake):
        until(lambda: intake._state[0] == "refused")
    trusted = certificates.fingerprint(before)
    assert f"the certificate of XX-01's server has changed from the trusted {trusted}" in intake._state[1]
    assert not readings(intake.spool)
