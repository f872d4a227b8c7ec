"""The bioreactor on python-opcua's server: the generation before asyncua, on threads, and no code of ours.

It offers Basic256Sha256 alone, keeps its history in memory, and marks no value after which its queue lost some.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from opcua import Server, ua

from devices import certificates
from devices.instruments.bioreactor import Bioreactor
from devices.simulators.bioreactor import NAMESPACE
from devices.simulators.world import Values

logging.getLogger("opcua").setLevel(logging.CRITICAL)


class OpcuaFace:
    """What `devices.simulators.bioreactor.Face` asks for."""

    def __init__(self, port: int, pki: Path, user: str, password: str) -> None:
        self.namespaces_before = 0
        self._server = Server()
        self._server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/reactor")
        self._server.set_application_uri(certificates.application_uri(pki / "certificate.der"))
        self._server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        self._server.set_security_IDs(["Username"])
        self._server.load_certificate(str(pki / "certificate.der"))
        self._server.load_private_key(str(pki / "key.pem"))
        self._server.user_manager.set_user_manager(lambda _, name, word: (name, word) == (user, password))
        self._nodes: dict[str, ua.NodeId] = {}

    async def start(self) -> None:
        """Listen."""
        for number in range(self.namespaces_before):
            self._server.register_namespace(f"urn:simulated:other:{number}")
        index = self._server.register_namespace(NAMESPACE)
        reactor = self._server.get_objects_node().add_object(index, "Reactor")
        self._server.start()
        for channel in Bioreactor.channels:
            node = reactor.add_variable(ua.NodeId(f"Reactor.{channel}", index), f"{index}:{channel}", 0.0)
            self._server.historize_node_data_change(node, period=None)
            self._nodes[channel] = node

    async def write(self, time: datetime, values: Values) -> None:
        """Show values, with the time when they were measured."""
        for channel, (value, status) in values.items():
            shown = ua.DataValue(ua.Variant(value, ua.VariantType.Double))
            shown.StatusCode = ua.StatusCode(getattr(ua.StatusCodes, status))
            shown.SourceTimestamp = time.replace(tzinfo=None)
            self._nodes[channel].set_data_value(shown)
