// The simulated bioreactor on node-opcua, an OPC-UA stack that this project did not write. Loopback only.
//
// The one argument is JSON: {port, uri, namespace, namespaces_before, certificate, key, pki, user, password, policies,
// channels: {channel: {unit, code, low, high}}}. Measurements come on standard input, one a line: {"time": ISO,
// "values": {channel: [number | "NaN", statusCode name]}}; each is answered on standard output by its time, when it is in
// the address space. {"lag": milliseconds} holds everything up for so long. The end of standard input ends the server.
"use strict";

const readline = require("node:readline");
const {
    DataType, MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy, StatusCodes,
} = require("node-opcua");

const given = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const POLICIES = {
    Basic256Sha256: "Basic256Sha256",
    Aes128Sha256RsaOaep: "Aes128_Sha256_RsaOaep",
    Aes256Sha256RsaPss: "Aes256_Sha256_RsaPss",
};
const UNITS = "http://www.opcfoundation.org/UA/units/un/cefact";
const REMEMBERED = 100000; // values of one node in its history

function settings(certificateManager) {
    return {
        port: given.port,
        host: "127.0.0.1",
        hostname: "127.0.0.1",
        certificateFile: given.certificate,
        privateKeyFile: given.key,
        serverCertificateManager: certificateManager,
        userCertificateManager: certificateManager,
        serverInfo: { applicationUri: given.uri, productUri: given.uri },
        securityPolicies: given.policies.map((name) => SecurityPolicy[POLICIES[name]]),
        securityModes: [MessageSecurityMode.SignAndEncrypt],
        allowAnonymous: false,
        userManager: { isValidUser: (user, password) => user === given.user && password === given.password },
        serverCapabilities: {
            minSupportedSampleRate: 0, // else changes within 50 ms are folded into one
            maxSessions: 100, // a gateway that stops leaves its session standing
        },
    };
}

function variables(server) {
    const space = server.engine.addressSpace;
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

function write(nodes, line) {
    const { time, values, lag } = JSON.parse(line);
    if (lag) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lag); // as a server does that is busy elsewhere
        say({ written: lag });
        return;
    }
    const when = new Date(time);
    for (const [channel, [value, status]] of Object.entries(values)) {
        nodes[channel].setValueFromSource(
            { dataType: DataType.Double, value: Number(value) }, StatusCodes[status], when);
    }
    say({ written: time });
}

async function main() {
    const certificateManager = new OPCUACertificateManager({
        rootFolder: given.pki, automaticallyAcceptUnknownCertificate: true });
    await certificateManager.initialize();
    const server = new OPCUAServer(settings(certificateManager));
    await server.initialize();
    const nodes = variables(server);
    await server.start();
    say({ ready: server.getEndpointUrl() });
    const lines = readline.createInterface({ input: process.stdin });
    lines.on("line", (line) => write(nodes, line));
    lines.on("close", () => server.shutdown().then(() => process.exit(0)));
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
