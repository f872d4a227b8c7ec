// What both simulated devices on node-opcua have in common: a secured server on loopback, fed line by line.
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

function settings(certificateManager, own) {
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
        ...own,
    };
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

async function serve(own, variables) {
    const certificateManager = new OPCUACertificateManager({
        rootFolder: given.pki, automaticallyAcceptUnknownCertificate: true });
    await certificateManager.initialize();
    const server = new OPCUAServer(settings(certificateManager, own));
    await server.initialize();
    const nodes = variables(server.engine.addressSpace);
    await server.start();
    say({ ready: server.getEndpointUrl() });
    const lines = readline.createInterface({ input: process.stdin });
    lines.on("line", (line) => write(nodes, line));
    lines.on("close", () => server.shutdown().then(() => process.exit(0)));
}

// Serve with settings of its own, and with the variables that a function makes in the address space, by channel.
exports.given = given;
exports.run = (own, variables) => serve(own, variables).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
