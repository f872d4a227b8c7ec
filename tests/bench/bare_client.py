"""What the gateway is measured against: the OPC-UA library alone, which counts notifications and does nothing else.

``python -m tests.bench.bare_client PORT FOLDER NODES SECONDS`` prints how many a second it was handed.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from asyncua.client.client import Client
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from devices import certificates
from devices.simulators.bioreactor import NAMESPACE
from devices.simulators.site import USER, Site

WARM_UP = 1.0  # seconds


class _Counter:
    count = 0

    def datachange_notification(self, _node: object, _value: object, _data: object) -> None:
        """Count one."""
        self.count += 1


async def _receive(port: int, site: Site, nodes: int, seconds: float) -> float:
    client, own = Client(f"opc.tcp://127.0.0.1:{port}/reactor"), site.folder / "pki" / "own"
    client.application_uri = certificates.application_uri(own / "certificate.der")
    client.set_user(USER)
    client.set_password(site.password)
    server = site.server_pki / "certificate.der"
    await client.set_security(
        SecurityPolicyBasic256Sha256, own / "certificate.der", own / "key.pem", server_certificate=server
    )
    async with client:
        index, counter = await client.get_namespace_index(NAMESPACE), _Counter()
        subscription = await client.create_subscription(250, counter)
        wanted = [client.get_node(f"ns={index};s=Plant.n{number}") for number in range(nodes)]
        await subscription.subscribe_data_change(wanted, queuesize=5_000, sampling_interval=0)
        await asyncio.sleep(WARM_UP)
        before, begin = counter.count, time.perf_counter()
        await asyncio.sleep(seconds)
        return (counter.count - before) / (time.perf_counter() - begin)


if __name__ == "__main__":
    port, folder, nodes, seconds = sys.argv[1:]
    sys.stdout.write(str(asyncio.run(_receive(int(port), Site(Path(folder)), int(nodes), float(seconds)))))
