"""What a site says of its issuer: all of it or nothing, and the secret in a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from mes.settings import Settings, SingleSignOn, is_safe_address

ISSUER = "https://login.example.org/realms/hospital"


@pytest.fixture
def told(tmp_path: Path) -> dict[str, str]:
    """Everything that a site with an issuer says."""
    file = tmp_path / "sso.secret"
    file.touch(mode=0o600)
    file.write_text("a client's secret, synthetic\n")
    known = {"MES_FOLDER": str(tmp_path), "MES_SSO_ISSUER": ISSUER, "MES_SSO_CLIENT_ID": "cell-lab"}
    return known | {"MES_SSO_SECRET_FILE": str(file), "MES_SSO_NAME": "Example Hospital"}


def test_a_site_says_who_its_issuer_is(told: dict[str, str]) -> None:
    """The secret is what stands in the file, and is in no text about the settings."""
    sso = Settings.from_environment(told).sso
    assert sso == SingleSignOn(ISSUER, "cell-lab", "a client's secret, synthetic", "Example Hospital")
    assert "synthetic" not in repr(sso)


def test_nothing_said_is_no_single_sign_on(told: dict[str, str]) -> None:
    """It is off, whatever else is set."""
    del told["MES_SSO_ISSUER"]
    assert Settings.from_environment(told).sso is None


@pytest.mark.parametrize("left_out", ["MES_SSO_CLIENT_ID", "MES_SSO_SECRET_FILE"])
def test_half_of_it_stops_the_start(told: dict[str, str], left_out: str) -> None:
    """The sentence names what belongs beside the issuer."""
    del told[left_out]
    with pytest.raises(ValueError, match=left_out):
        Settings.from_environment(told)


def test_a_secret_that_others_can_read_stops_the_start(told: dict[str, str]) -> None:
    """And an empty one does."""
    file = Path(told["MES_SSO_SECRET_FILE"])
    file.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        Settings.from_environment(told)
    file.chmod(0o600)
    file.write_text("\n")
    with pytest.raises(ValueError, match="holds no secret"):
        Settings.from_environment(told)


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        (ISSUER, True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]/", True),
        ("http://login.example.org", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("ftp://127.0.0.1", False),
        ("javascript:alert(1)", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_an_address_is_asked_over_tls_or_on_this_machine(told: dict[str, str], address: str, *, is_safe: bool) -> None:
    """Whoever could change an answer on its way could say who is there."""
    assert is_safe_address(address) is is_safe
    if address and not is_safe:
        with pytest.raises(ValueError, match="https://"):
            Settings.from_environment(told | {"MES_SSO_ISSUER": address})
