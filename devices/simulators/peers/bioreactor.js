// The simulated bioreactor on node-opcua, an OPC-UA stack that this project did not write. Loopback only.
//
// The one argument is JSON: {port, uri, namespace, certificate, key, pki, user, password, channels}. Measurements come
// on standard input, one a line: {"time": ISO, "values": {channel: [number | "NaN", statusCode name]}}; each is answered
// on standard output by its time, when it is in the address space. The end of standard input ends the server.
"use strict";

const readline = require("node:readline");
const {
    DataType, MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy, StatusCodes,
} = require("node-opcua");

const given = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

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
        securityPolicies: [SecurityPolicy.Basic256Sha256],
        securityModes: [MessageSecurityMode.SignAndEncrypt],
        allowAnonymous: false,
        userManager: { isValidUser: (user, password) => user === given.user && password === given.password },
        serverCapabilities: { minSupportedSampleRate: 0 }, // else changes within 50 ms are folded into one
    };
}

function variables(server) {
    const space = server.engine.addressSpace;
    const namespace = space.registerNamespace(given.namespace);
    const reactor = namespace.addObject({ organizedBy: space.rootFolder.objects, browseName: "Reactor" });
    const made = {};
    for (const channel of given.channels) {
        made[channel] = namespace.addVariable({
            componentOf: reactor,
            nodeId: `s=Reactor.${channel}`,
            browseName: channel,
            dataType: "Double",
            minimumSamplingInterval: 0, // reported when set, not when looked at: no value is missed
        });
    }
    return made;
}

function write(nodes, line) {
    const { time, values } = JSON.parse(line);
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
