// The simulated bioreactor on node-opcua, an OPC-UA stack that this project did not write.
"use strict";

const { given, run } = require("./server.js");

const UNITS = "http://www.opcfoundation.org/UA/units/un/cefact";
const REMEMBERED = 100000; // values of one node in its history

function variables(space) {
    for (let number = 0; number < given.namespaces_before; number++) {
        space.registerNamespace(`urn:simulated:other:${number}`);
    }
    const namespace = space.registerNamespace(given.namespace);
    const reactor = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Reactor" });
    const made = {};
    for (const [channel, { unit, code, low, high }] of Object.entries(given.channels)) {
        made[channel] = namespace.addAnalogDataItem({
            componentOf: reactor,
            nodeId: `s=Reactor.${channel}`,
            browseName: channel,
            dataType: "Double",
            minimumSamplingInterval: 0, // reported when set, not when looked at: no value is missed
            engineeringUnitsRange: { low, high },
            engineeringUnits: { namespaceUri: UNITS, unitId: code, displayName: { text: unit }, description: { text: unit } },
        });
        space.installHistoricalDataNode(made[channel], { maxOnlineValues: REMEMBERED });
    }
    return made;
}

run({ serverCapabilities: {
    minSupportedSampleRate: 0, // else changes within 50 ms are folded into one
    maxSessions: 100, // a gateway that stops leaves its session standing
} }, variables);
