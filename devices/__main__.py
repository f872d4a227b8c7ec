"""The gateway's commands.

    python -m devices gateway CONFIG              listen to the instruments and deliver their readings
    python -m devices doctor CONFIG               say which instrument is silent, since when and why
    python -m devices certificate FOLDER          make this gateway's OPC-UA certificate
    python -m devices trust CONFIG FINGERPRINT    trust the server that was refused with this certificate

Exit codes: 0 done, 1 the answer is no, 2 wrong use.
"""

from __future__ import annotations

import argparse
import socket
import sys
from pathlib import Path

from devices import certificates, doctor, gateway
from devices.certificates import UnknownFingerprintError
from devices.config import load
from devices.spool import RunningError, SpoolError
from devices.toml_table import ConfigurationError


def _certificate(arguments: argparse.Namespace) -> int:
    host = socket.gethostname()
    made = certificates.make(arguments.folder, arguments.uri or f"urn:{host}:gateway", host)
    sys.stdout.write(f"{made}\nfingerprint {certificates.fingerprint(made.read_bytes())}\n")
    return 0


def _trust(arguments: argparse.Namespace) -> int:
    instrument = certificates.Trust(load(arguments.config).certificates).accept(arguments.fingerprint)
    sys.stdout.write(f"the server of {instrument} is trusted; the gateway's next attempt connects\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="gateway | doctor | certificate | trust")
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
    trust.add_argument("fingerprint")
    trust.set_defaults(act=_trust)
    return parser.parse_args()


def main() -> int:
    """Run one command."""
    arguments = _arguments()
    try:
        return int(arguments.act(arguments))
    except (ConfigurationError, SpoolError, RunningError, UnknownFingerprintError, OSError) as no:
        sys.stderr.write(f"{no}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
