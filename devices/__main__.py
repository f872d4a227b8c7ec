"""The gateway's commands.

    python -m devices gateway CONFIG              listen to the instruments and deliver their readings
    python -m devices doctor CONFIG               say which instrument is silent, since when and why
    python -m devices certificate FOLDER          make this gateway's OPC-UA certificate
    python -m devices trust CONFIG                show the certificates of the servers that were refused
    python -m devices trust CONFIG FINGERPRINT    trust the server that was refused with this certificate
    python -m devices browse URL …                draft an instrument's configuration from what its server shows

CONFIG is the gateway's file; for trust, also the folder of its certificates.

Exit codes: 0 done, 1 the answer is no, 2 wrong use.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from devices import certificates, doctor, gateway
from devices.certificates import UnknownFingerprintError, UntrustedError
from devices.config import POLICIES, OpcUaSettings, load
from devices.spool import RunningError, SpoolError
from devices.toml_table import ConfigurationError
from devices.transports import opcua_browse
from devices.transports.opcua_browse import BrowseError


def _certificate(arguments: argparse.Namespace) -> int:
    host = socket.gethostname()
    made = certificates.make(arguments.folder, arguments.uri or f"urn:{host}:gateway", host)
    sys.stdout.write(f"{made}\nfingerprint {certificates.fingerprint(made.read_bytes())}\n")
    return 0


def _trust(arguments: argparse.Namespace) -> int:
    folder = arguments.config if arguments.config.is_dir() else load(arguments.config).certificates
    trust = certificates.Trust(folder)
    if not arguments.fingerprint:
        waiting = trust.waiting()
        for instrument, told in waiting:
            sys.stdout.write(f"{instrument}\n{told}\n")
        sys.stdout.write("accept one by its fingerprint\n" if waiting else "no certificate waits to be trusted\n")
        return 0
    instrument, told = trust.accept(arguments.fingerprint)
    sys.stdout.write(f"the server of {instrument} is trusted; the next attempt connects\n{told}\n")
    return 0


def _browse(arguments: argparse.Namespace) -> int:
    for secret in filter(None, (arguments.password_file, arguments.user_key)):
        if certificates.exposed(secret):
            raise ConfigurationError(f"{secret} can be read or changed by others: chmod 600 {secret}")
    settings = OpcUaSettings(
        url=arguments.url,
        nodes=(),
        security=None if arguments.security == "None" else arguments.security,
        user=arguments.user,
        password=arguments.password_file.read_text("utf-8").strip() if arguments.password_file else None,
        user_certificate=arguments.user_certificate,
        user_key=arguments.user_key,
    )
    sys.stdout.write(opcua_browse.main(arguments.name, settings, arguments.certificates))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="gateway | doctor | certificate | trust | browse")
    for name, program in (("gateway", gateway), ("doctor", doctor)):
        command = commands.add_parser(name)
        command.add_argument("config", type=Path)
        command.set_defaults(act=lambda arguments, program=program: program.main(arguments.config))
    certificate = commands.add_parser("certificate")
    certificate.add_argument("folder", type=Path)
    certificate.add_argument("--uri", help="the application URI; by default urn:<this host>:gateway")
    certificate.set_defaults(act=_certificate)
    trust = commands.add_parser("trust")
    trust.add_argument("config", type=Path)
    trust.add_argument("fingerprint", nargs="?")
    trust.set_defaults(act=_trust)
    _browse_arguments(commands.add_parser("browse"))
    return parser.parse_args()


def _browse_arguments(browse: argparse.ArgumentParser) -> None:
    browse.add_argument("url")
    browse.add_argument("--name", required=True, help="the equipment's code")
    browse.add_argument("--certificates", type=Path, default=Path("pki"), help="as in the gateway's file")
    browse.add_argument("--security", choices=(*POLICIES, "None"), default=POLICIES[0])
    browse.add_argument("--user")
    for option in ("--password-file", "--user-certificate", "--user-key"):
        browse.add_argument(option, type=Path)
    browse.set_defaults(act=_browse)


def main() -> int:
    """Run one command."""
    arguments = _arguments()
    try:
        return int(arguments.act(arguments))
    except (
        ConfigurationError,
        SpoolError,
        RunningError,
        UnknownFingerprintError,
        UntrustedError,
        BrowseError,
        OSError,
    ) as no:
        sys.stderr.write(f"{no}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
