"""The bioreactor as a LADS device on node-opcua, with the whole sets of nodes of its companion specifications."""

from __future__ import annotations

from devices.simulators.peers.node import NodeFace


class NodeLadsFace(NodeFace):
    """The probes as the functions of a LADS device, in a process of its own."""

    script = "lads.js"
